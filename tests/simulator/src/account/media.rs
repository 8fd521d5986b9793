//! The files of an account.

use bytes::Bytes;

use super::Account;
use crate::media::{Media, MediaStore, content_type_of};

/// Files to download, and those that were uploaded.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use wechat_simulator::{MediaKind, Simulator};
///
/// let sim = Simulator::builder().app("wx1f2e3d4c5b6a7988", "secret").start().await?;
/// let account = sim.account("wx1f2e3d4c5b6a7988").expect("declared above");
/// let media_id = account.put_media("photo.jpg", "image/jpeg", vec![0xFF, 0xD8]);
/// let media = account.media(&media_id).expect("put there above");
/// assert_eq!((media.kind, media.length), (MediaKind::Image, 2));
/// # Ok::<(), wechat_simulator::StartError>(()) }).unwrap();
/// ```
impl Account {
    /// Puts a file where `media/get` finds it for three days of the virtual clock, and gives its id.
    ///
    /// Its kind is that of its Content-Type, else that of its extension. Of a film `media/get` tells the
    /// address only, so a file to download is better a picture or a sound.
    #[must_use]
    pub fn put_media(
        &self,
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> String {
        self.put(MediaStore::Temporary, file_name.into(), content_type.into(), bytes.into())
    }

    /// Puts a file of a length in bytes where `media/get` finds it, whose byte `i` is `i % 251`, and
    /// gives its id.
    ///
    /// It is made while it is sent, so that it may be longer than the memory. Its Content-Type is that
    /// of its extension.
    #[must_use]
    pub fn put_generated_media(&self, file_name: impl Into<String>, length: u64) -> String {
        let file_name = file_name.into();
        let content_type = content_type_of(&file_name).to_owned();
        let unix = self.platform.clock.unix();
        let media = Media::put(MediaStore::Temporary, file_name, content_type, Bytes::new(), unix);
        self.keep(Media { length, ..media })
    }

    /// Puts a permanent file among the materials, and gives its id.
    #[must_use]
    pub fn put_material(
        &self,
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> String {
        self.put(MediaStore::Material, file_name.into(), content_type.into(), bytes.into())
    }

    /// The file of an id, uploaded or put there, even if its three days are over.
    #[must_use]
    pub fn media(&self, media_id: &str) -> Option<Media> {
        self.read(|account| account.media.iter().find(|media| media.media_id == media_id).cloned())
    }

    /// Every file of the account, oldest first, those of `media/uploadimg` included.
    #[must_use]
    pub fn all_media(&self) -> Vec<Media> {
        self.read(|account| account.media.clone())
    }

    /// Sets the most bytes that an upload of any kind may have before it is answered 45001; `None` goes
    /// back to the platform's own limits.
    ///
    /// An upload above 32 MiB needs a [`Builder::body_limit`](crate::Builder::body_limit) as well.
    pub fn set_media_limit(&self, bytes: Option<u64>) {
        self.change(|account| account.app.media_limit = bytes);
    }

    fn put(&self, store: MediaStore, file_name: String, content_type: String, bytes: Bytes) -> String {
        self.keep(Media::put(store, file_name, content_type, bytes, self.platform.clock.unix()))
    }

    fn keep(&self, media: Media) -> String {
        let media_id = media.media_id.clone();
        self.change(|account| account.keep(media));
        media_id
    }
}
