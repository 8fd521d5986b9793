//! Over TLS: with a certificate that is trusted, and with one that is not.

use std::error::Error as _;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wechat_integration_tests::{World, call, http};
use wechat_runtime::ErrorKind;

/// Puts TLS before a platform, by a certificate of a new authority; answers with its base URL and the
/// authority's certificate.
async fn behind_tls(world: &World) -> (String, reqwest::Certificate) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let host = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let host = host.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![host.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let platform = world.sim.address();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut inside = acceptor.accept(stream).await?;
                let mut outside = TcpStream::connect(platform).await?;
                tokio::io::copy_bidirectional(&mut inside, &mut outside).await
            });
        }
    });
    let certificate = reqwest::Certificate::from_der(authority.der()).unwrap();
    (format!("https://localhost:{port}"), certificate)
}

#[tokio::test]
async fn a_call_goes_through_a_trusted_certificate() {
    let world = World::new().await;
    let (base_url, authority) = behind_tls(&world).await;
    let http = http().tls_certs_only([authority]);
    let client = world.builder().base_url(base_url).http(http).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn an_untrusted_certificate_is_a_typed_error_and_nothing_is_sent() {
    let world = World::new().await;
    let (base_url, _) = behind_tls(&world).await;
    let client = world.builder().base_url(base_url).build().unwrap();
    let error = call(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.source().is_some());
    assert_eq!(world.sim.ledger().calls().count(), 0);
}
