//! Messages that users send.

use super::Push;

impl Push {
    /// A text.
    pub fn text(openid: impl Into<String>, content: impl Into<String>) -> Self {
        Self::message(openid, "text").field("Content", content.into())
    }

    /// A picture.
    pub fn image(openid: impl Into<String>, pic_url: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self::message(openid, "image").field("PicUrl", pic_url.into()).field("MediaId", media_id.into())
    }

    /// A sound, such as `amr`; where the account has speech recognition, add the field `Recognition`.
    pub fn voice(openid: impl Into<String>, media_id: impl Into<String>, format: impl Into<String>) -> Self {
        Self::message(openid, "voice").field("MediaId", media_id.into()).field("Format", format.into())
    }

    /// A film.
    pub fn video(
        openid: impl Into<String>,
        media_id: impl Into<String>,
        thumb_media_id: impl Into<String>,
    ) -> Self {
        film(openid, "video", media_id, thumb_media_id)
    }

    /// A film made in the chat.
    pub fn shortvideo(
        openid: impl Into<String>,
        media_id: impl Into<String>,
        thumb_media_id: impl Into<String>,
    ) -> Self {
        film(openid, "shortvideo", media_id, thumb_media_id)
    }

    /// A place: latitude, longitude, the map's scale, and what it says there.
    pub fn location(openid: impl Into<String>, x: f64, y: f64, scale: u32, label: impl Into<String>) -> Self {
        Self::message(openid, "location")
            .field("Location_X", x)
            .field("Location_Y", y)
            .field("Scale", scale)
            .field("Label", label.into())
    }

    /// A link.
    pub fn link(
        openid: impl Into<String>,
        title: impl Into<String>,
        description: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        Self::message(openid, "link")
            .field("Title", title.into())
            .field("Description", description.into())
            .field("Url", url.into())
    }
}

fn film(
    openid: impl Into<String>,
    msg_type: &str,
    media_id: impl Into<String>,
    thumb_media_id: impl Into<String>,
) -> Push {
    Push::message(openid, msg_type)
        .field("MediaId", media_id.into())
        .field("ThumbMediaId", thumb_media_id.into())
}
