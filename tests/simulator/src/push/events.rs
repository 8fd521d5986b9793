//! Events: what users do other than writing.

use super::{Field, Push};

impl Push {
    /// A user follows the account.
    pub fn subscribe(openid: impl Into<String>) -> Self {
        Self::event(openid, "subscribe")
    }

    /// A user follows the account by scanning one of its QR codes; the scene is pushed as `qrscene_…`.
    pub fn subscribe_by_scan(
        openid: impl Into<String>,
        scene: impl Into<String>,
        ticket: impl Into<String>,
    ) -> Self {
        let scene = format!("qrscene_{}", scene.into());
        Self::subscribe(openid).field("EventKey", scene).field("Ticket", ticket.into())
    }

    /// A user leaves.
    pub fn unsubscribe(openid: impl Into<String>) -> Self {
        Self::event(openid, "unsubscribe")
    }

    /// A follower scans one of the account's QR codes; the scene is pushed as it is.
    pub fn scan(openid: impl Into<String>, scene: impl Into<String>, ticket: impl Into<String>) -> Self {
        Self::event(openid, "SCAN").field("EventKey", scene.into()).field("Ticket", ticket.into())
    }

    /// Where a user is, in degrees, and how exactly that is known.
    pub fn location_report(openid: impl Into<String>, latitude: f64, longitude: f64, precision: f64) -> Self {
        Self::event(openid, "LOCATION")
            .field("Latitude", latitude)
            .field("Longitude", longitude)
            .field("Precision", precision)
    }

    /// A user chooses an item of the menu that has a key.
    pub fn click(openid: impl Into<String>, key: impl Into<String>) -> Self {
        menu(openid, "CLICK", key)
    }

    /// A user chooses an item of the menu that opens a page.
    pub fn view(openid: impl Into<String>, url: impl Into<String>) -> Self {
        menu(openid, "VIEW", url)
    }

    /// A template message was delivered or was not: `success`, `failed:user block`, `failed: system failed`.
    pub fn template_send_job_finish(
        openid: impl Into<String>,
        msg_id: u64,
        status: impl Into<String>,
    ) -> Self {
        Self::event(openid, "TEMPLATESENDJOBFINISH").field("MsgID", msg_id).field("Status", status.into())
    }

    /// A user scans a code by the menu; `scan_type` is `qrcode` or `barcode`.
    pub fn scancode_push(
        openid: impl Into<String>,
        key: impl Into<String>,
        scan_type: impl Into<String>,
        scan_result: impl Into<String>,
    ) -> Self {
        menu(openid, "scancode_push", key).field("ScanCodeInfo", scan_code(scan_type, scan_result))
    }

    /// The same, and the user sees that the account is at work on it.
    pub fn scancode_waitmsg(
        openid: impl Into<String>,
        key: impl Into<String>,
        scan_type: impl Into<String>,
        scan_result: impl Into<String>,
    ) -> Self {
        menu(openid, "scancode_waitmsg", key).field("ScanCodeInfo", scan_code(scan_type, scan_result))
    }

    /// A user takes pictures by the menu, told by their MD5 sums.
    pub fn pic_sysphoto<S: Into<String>>(
        openid: impl Into<String>,
        key: impl Into<String>,
        md5_sums: impl IntoIterator<Item = S>,
    ) -> Self {
        menu(openid, "pic_sysphoto", key).field("SendPicsInfo", pictures(md5_sums))
    }

    /// A user takes or chooses pictures by the menu.
    pub fn pic_photo_or_album<S: Into<String>>(
        openid: impl Into<String>,
        key: impl Into<String>,
        md5_sums: impl IntoIterator<Item = S>,
    ) -> Self {
        menu(openid, "pic_photo_or_album", key).field("SendPicsInfo", pictures(md5_sums))
    }

    /// A user chooses pictures of WeChat's album by the menu.
    pub fn pic_weixin<S: Into<String>>(
        openid: impl Into<String>,
        key: impl Into<String>,
        md5_sums: impl IntoIterator<Item = S>,
    ) -> Self {
        menu(openid, "pic_weixin", key).field("SendPicsInfo", pictures(md5_sums))
    }

    /// A user chooses a place by the menu. Its numbers are pushed as texts.
    pub fn location_select(
        openid: impl Into<String>,
        key: impl Into<String>,
        x: f64,
        y: f64,
        scale: u32,
        label: impl Into<String>,
        poiname: impl Into<String>,
    ) -> Self {
        let place = Field::group([
            ("Location_X", x.to_string()),
            ("Location_Y", y.to_string()),
            ("Scale", scale.to_string()),
            ("Label", label.into()),
            ("Poiname", poiname.into()),
        ]);
        menu(openid, "location_select", key).field("SendLocationInfo", place)
    }
}

fn menu(openid: impl Into<String>, event: &str, key: impl Into<String>) -> Push {
    Push::event(openid, event).field("EventKey", key.into())
}

fn scan_code(scan_type: impl Into<String>, scan_result: impl Into<String>) -> Field {
    Field::group([("ScanType", scan_type.into()), ("ScanResult", scan_result.into())])
}

fn pictures<S: Into<String>>(md5_sums: impl IntoIterator<Item = S>) -> Field {
    let items: Vec<Field> =
        md5_sums.into_iter().map(|sum| Field::group([("PicMd5Sum", sum.into())])).collect();
    // More pictures than 32 bits can count do not fit into one push.
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    Field::group([("Count", Field::from(count)), ("PicList", Field::group([("item", Field::list(items))]))])
}
