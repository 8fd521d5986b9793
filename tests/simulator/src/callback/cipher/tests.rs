//! The vectors of the official pages, of the official sample code and of other libraries.
//!
//! Those named `self_…` were made from the documented layout; WeChat published none of that kind.

use super::{Cipher, Unsealing};
use crate::callback::signature;

/// A message, encrypted.
struct Vector {
    name: &'static str,
    token: &'static str,
    key: &'static str,
    appid: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
    random: &'static [u8; 16],
    message: &'static str,
    encrypt: &'static str,
    msg_signature: &'static str,
}

#[rustfmt::skip]
const VECTORS: &[Vector] = &[
    Vector {
        name: "official_json",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wxba5fad812f8e6fb9",
        timestamp: "1714112445",
        nonce: "415670741",
        random: b"a8eedb185eb2fecf",
        message: "{\"ToUserName\":\"gh_97417a04a28d\",\"FromUserName\":\"o9AgO5Kd5ggOC-bXrbNODIiE3bGY\",\"CreateTime\":1714112445,\"MsgType\":\"event\",\"Event\":\"debug_demo\",\"debug_str\":\"hello world\"}",
        encrypt: "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=",
        msg_signature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    },
    Vector {
        name: "official_component_xml",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wx134c8103faa5a59e",
        timestamp: "1715943329",
        nonce: "1590219412",
        random: b"1205899eaf019bbd",
        message: "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\n<FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></FromUserName>\n<CreateTime>1715943329</CreateTime>\n<MsgType><![CDATA[event]]></MsgType>\n<Event><![CDATA[debug_demo]]></Event>\n<debug_str><![CDATA[hello world]]></debug_str>\n</xml>",
        encrypt: "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ookXIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFDMVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIaR9P4xQrWXbsTFHTYe0Mg==",
        msg_signature: "6c12a4205838198b8fa631b3220723bb07f1015c",
    },
    Vector {
        name: "official_python_sample",
        token: "spamtest",
        key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        appid: "wx2c2769f8efd9abc2",
        timestamp: "1409735669",
        nonce: "1320562132",
        random: b"89465c840c5f116f",
        message: "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>\n<FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>\n<CreateTime>1409735668</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[abcdteT]]></Content>\n<MsgId>6054768590064713728</MsgId>\n</xml>",
        encrypt: "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE=",
        msg_signature: "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
    },
    Vector {
        name: "wechatpy",
        token: "123456",
        key: "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        appid: "wx49f0ab532d5d035a",
        timestamp: "1411525903",
        nonce: "461056294",
        random: b"ec90b1530358d4d3",
        message: "<xml><ToUserName><![CDATA[wx49f0ab532d5d035a]]></ToUserName>\n<FromUserName><![CDATA[messense]]></FromUserName>\n<CreateTime>1411525903</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n<MsgId>4363689963896700987</MsgId>\n<AgentID>1</AgentID>\n</xml>",
        encrypt: "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=",
        msg_signature: "74d92dfeb87ba7c714f89d98870ae5eb62dff26d",
    },
    Vector {
        name: "official_json_reply",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wxba5fad812f8e6fb9",
        timestamp: "1713424427",
        nonce: "415670741",
        random: b"707722b803182950",
        message: "{\"demo_resp\":\"good luck\"}",
        encrypt: "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==",
        msg_signature: "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
    },
    Vector {
        name: "wechatpy_reply",
        token: "123456",
        key: "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        appid: "wx49f0ab532d5d035a",
        timestamp: "1411525903",
        nonce: "461056294",
        random: b"1234567890123456",
        message: "<xml>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[test]]></Content>\n<FromUserName><![CDATA[wx49f0ab532d5d035a]]></FromUserName>\n<ToUserName><![CDATA[messense]]></ToUserName>\n<AgentID>1</AgentID>\n<CreateTime>1411525903</CreateTime>\n</xml>",
        encrypt: "9s4gMv99m88kKTh/H8IdkOiMg6bisoy3ypwy9H4hvSPe9nsGaqyw5hhSjdYbcrKk+j3nba4HMOTzHrluLBYqxgNcBqGsL8GqxlhZgURnAtObvesEl5nZ+uBE8bviY0LWke8Zy9V/QYKxNV2FqllNXcfmstttyIkMKCCmVbCFM2JTF5wY0nFhHZSjPUL2Q1qvSUCUld+/WIXrx0oyKQmpB6o8NRrrNrsDf03oxI1p9FxUgMnwKKZeOA/uu+2IEvEBtb7muXsVbwbgX05UPPJvFurDXafG0RQyPR+mf1nDnAtQmmNOuiR5MIkdQ39xn1vWwi1O5oazPoQJz0nTYjxxEE8kv3kFxtAGVRe3ypD3WeK2XeFYFMNMpatF9XiKzHo3",
        msg_signature: "407518b7649e86ef23978113f92d27afa9296533",
    },
    Vector {
        name: "self_component_verify_ticket",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wx134c8103faa5a59e",
        timestamp: "1413192605",
        nonce: "1372623149",
        random: b"0123456789abcdef",
        message: "<xml>\n<AppId><![CDATA[wx134c8103faa5a59e]]></AppId>\n<CreateTime>1413192605</CreateTime>\n<InfoType><![CDATA[component_verify_ticket]]></InfoType>\n<ComponentVerifyTicket><![CDATA[ticket@@@SIMULATED-verify-ticket_0001]]></ComponentVerifyTicket>\n</xml>",
        encrypt: "uMMzGtqcnpOzXOYBwDQNrVnO8GXQog9C67zZPCe0Met+ktDqT7019djprJYRnL9Kedn5EfJGanRRexWrD7IbYQt+tU/6tISPQecavVbYKgw+HPDiA8VcjTcdI7Zr2Yk5XRllKPi74pqISN+wg5KGielDfgVImJsxwI4AaHthP080qmcve9pGSkQpWU0716ZgJI+FIhwl7DtMFgPFvlnHsNJ7jPPPR067Pj0yBBVTcjIAOvroVu1LB9pnxIdPjy+AM5lmKKGm83yrkT+woeHUiF7HvH6R8/RpfuhVDIbz8Gqhej+gxvUTKYYlbj8Pdq8Y0F+LOu/1pgukI5v0RuBCqpJCkYR1SX9O0zBRxSdOwLaKODiRo0p34pkFEeOlc1Cd",
        msg_signature: "dd94588736eea8b9f9b7bec5b8c90b512b237b3e",
    },
    Vector {
        name: "self_authorized",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wx134c8103faa5a59e",
        timestamp: "1413192760",
        nonce: "1372623150",
        random: b"fedcba9876543210",
        message: "<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1413192760</CreateTime><InfoType>authorized</InfoType><AuthorizerAppid>wxba5fad812f8e6fb9</AuthorizerAppid><AuthorizationCode>queryauthcode@@@SIM0001</AuthorizationCode><AuthorizationCodeExpiredTime>1413196360</AuthorizationCodeExpiredTime><PreAuthCode>preauthcode@@@SIM0001</PreAuthCode></xml>",
        encrypt: "xAawnM/moRUUcoQMzrwRyTABV9SDyUoGfq8s7ftDvQF4XVmEN0SQFAgGBW1/bCD4CxwfWhRAXeC3dyK+87p3Kf+RgVWDDMTrgujzVTeHho4G3qosh0JzwC9Ug/3emFLcynxJnNwCgCpTJdpP/apKTRuB4XeEl8mZLw8iUPMkoZsL6M97CYsRZiRVI2mwWIXmRxwiWOsQeB03QOki8nDOZefyy9GoxFX7B48rtDQyuj+8cgZ9Jm/kHvEkhpPS20PCMWXxufvQYzeiYFU0Z9yLytB33cPQ1pJDdTt6iPwup0Yg+Axi0XY+RBZSc1ML4vjsmTVMX+nsQDWSXXwxZhDv67mhFfV9uFVwadqxi8v87E+phCVjblryrh7ab8EnzZavNoDdKQ69Xl69i9a3fWET8Y2BniUOYodwHV86E9jTfLKTR4KfQbIyvsmKgGIgCGpoIAE2kXiLsxsI9DAiJ6o+gSlGa9jp8JWIRB4/wB9xO+ibpQN3my+sgYmTbE6hD6I2",
        msg_signature: "55b47fc568e5d4582b2efe9afe20f24d2e9bd9bc",
    },
    Vector {
        name: "self_unauthorized",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wx134c8103faa5a59e",
        timestamp: "1413192760",
        nonce: "1372623151",
        random: b"0f1e2d3c4b5a6978",
        message: "<xml><AppId>wx134c8103faa5a59e</AppId><CreateTime>1413192760</CreateTime><InfoType>unauthorized</InfoType><AuthorizerAppid>wxba5fad812f8e6fb9</AuthorizerAppid></xml>",
        encrypt: "DwPEVcHGrdZVf5p1lCbhqEOFA/X9h/AfVjkmgl+y38MnZqVTLpczJIuVmd7O/WHlWSmfG37/y7IveM65WYXrUbTa0bbxmwmTcYO4GdZWoKj2Nio9KD5Lzz2pUDQBCgaHQFdqX1nwn6RG2xeqPffLiEGY1Hh3rcKqVgI3S7RsgghbxHFAZChGzG43gd7YHvozLPLdH8QfPah+8MvlVsbOM1CXlAcByUyn91Sj+RYxTib9BJK1huChW8hZGwCZvSAFm+fcPcCnK0dJNOIRaG+B4n7dUw18EwGPqENCaiWzZVA=",
        msg_signature: "fceec8cbbcc9a10a8fdbd850f6a8b82d8e4870e8",
    },
    Vector {
        name: "self_full_block_padding",
        token: "AAAAA",
        key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        appid: "wx134c8103faa5a59e",
        timestamp: "1413192605",
        nonce: "1",
        random: b"0123456789abcdef",
        message: "yyyyyyyyyyyyyyyyyyyyyyyyyy",
        encrypt: "uMMzGtqcnpOzXOYBwDQNrX1qu9CRmBGTMssr8PLMHBQopXDpkXj+Rc7BTaMn7YURAuKOZjfGNgmv2RYDYmeOn32R4Q7Q73aNRrAHxqlbk+++Pu7QejQs80Yjjn6pTscT",
        msg_signature: "a088b92586c786931b6601251574f8b7dacfeb1a",
    },
];

#[test]
fn every_vector_is_read_and_written_alike() {
    for vector in VECTORS {
        let Vector { name, token, key, appid, timestamp, nonce, random, message, encrypt, msg_signature } =
            *vector;
        let cipher = Cipher::new(key).unwrap();
        assert_eq!(cipher.unseal(encrypt, appid).as_deref(), Ok(message), "{name}");
        assert_eq!(cipher.seal(*random, message, appid), encrypt, "{name}");
        assert_eq!(signature([token, timestamp, nonce, encrypt]), msg_signature, "{name}");
    }
}

#[test]
fn a_text_that_is_full_as_it_stands_gets_a_whole_block_of_padding() {
    let vector = VECTORS.iter().find(|vector| vector.name == "self_full_block_padding").unwrap();
    // 16 random bytes, 4 of length, 26 of message and 18 of appid are 64; 96 bytes are 128 characters.
    assert_eq!(20 + vector.message.len() + vector.appid.len(), 64);
    assert_eq!(vector.encrypt.len(), 128);
}

#[test]
fn every_length_of_a_message_comes_back() {
    let cipher = Cipher::new("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR").unwrap();
    for length in 0..100 {
        let message = "x".repeat(length);
        let encrypted = cipher.seal([7; 16], &message, "wx1");
        assert_eq!(cipher.unseal(&encrypted, "wx1"), Ok(message));
    }
}

#[test]
fn keys_with_bits_to_spare_are_taken() {
    for key in [
        "AdiqDDDvUNCeE1ZW5XJmjf9fqNBJpGBs4vL4cHKmHBS",
        "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert!(Cipher::new(key).is_ok(), "{key}");
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let padded = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=";
    let foreign = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF!";
    for key in ["", "abcde", padded, foreign] {
        let error = Cipher::new(key).err().unwrap().to_string();
        assert!(error.contains("43 characters"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let vector = &VECTORS[2];
    let cipher = Cipher::new(vector.key).unwrap();
    assert_eq!(cipher.unseal(vector.encrypt, "wx_other_appid"), Err(Unsealing::OtherAppid));
    assert_eq!(cipher.unseal("!!!not-base64!!!", "wx1"), Err(Unsealing::NotBase64));
    assert_eq!(cipher.unseal("YWJj", "wx1"), Err(Unsealing::NotBlocks));
    assert_eq!(cipher.unseal("", "wx1"), Err(Unsealing::NotBlocks));
    assert_eq!(cipher.unseal("AAAAAAAAAAAAAAAAAAAAAA==", "wx1"), Err(Unsealing::Padding));
    let other = Cipher::new(VECTORS[0].key).unwrap();
    assert_eq!(other.unseal(vector.encrypt, vector.appid), Err(Unsealing::Padding));
}

#[test]
fn padding_and_length_are_checked_to_the_byte() {
    let full: Vec<u8> = [vec![0; 16], vec![16; 16]].concat();
    assert_eq!(super::unpadded(&full), Some(&[0; 16][..]));
    let one_wrong: Vec<u8> = [vec![0; 16], vec![15], vec![16; 15]].concat();
    assert_eq!(super::unpadded(&one_wrong), None);
    assert_eq!(super::unpadded(&[32; 32]), Some(&[][..]));
    assert_eq!(super::unpadded(&[33; 64]), None);
    assert_eq!(super::unpadded(&[16; 16]), None, "half a block of 32");
    let with_length = |length: u8| [&[0; 19][..], &[length], b"ab"].concat();
    assert_eq!(super::split(&with_length(1)), Some((&b"a"[..], &b"b"[..])));
    assert_eq!(super::split(&with_length(3)), None);
    assert_eq!(super::split(&[0; 19]), None);
}
