//! [`UploadConfig`]: the section `[upload]`.

use zzz_core::config::ByteSize;

zzz_core::config_section! {
    /// Uploads: what a `multipart/form-data` body may hold, and where its files are kept while they are received.
    pub struct UploadConfig in "upload" {
        /// The largest multipart body as a whole, in place of `[http] body_limit`; then 413. A route's own limit for
        /// bodies wins over both.
        max_total: ByteSize = ByteSize::mib(2);
        /// The most parts without a file name; then 413.
        max_fields: usize = 1000, in 0..=100_000;
        /// The most parts with a file name; then 413.
        max_files: usize = 100, in 0..=100_000;
        /// The longest head of a part; then 400.
        max_part_head: ByteSize = ByteSize::kib(8), in ByteSize(256)..=ByteSize::mib(1);
        /// The most that the texts of a form may take together in memory, whatever its files take; then 413.
        max_text: ByteSize = ByteSize::mib(2);
        /// Where temporary files are kept, in a folder that only the app can read; by default the system's place for
        /// them. On the file system of the final place, saving a file is a rename.
        temp_dir: Option<String> = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zzz_core::config::{Env, Layers, Raw, Section};

    #[test]
    fn the_defaults_are_what_the_documentation_says() {
        let config = UploadConfig::default();
        assert_eq!((config.max_total, config.max_part_head), (ByteSize::mib(2), ByteSize::kib(8)));
        assert_eq!((config.max_fields, config.max_files), (1000, 100));
        assert_eq!(UploadConfig::NAME, "upload");
    }

    #[test]
    fn refuses_a_head_that_could_hold_no_name() {
        let mut layers = Layers::new(Env::Test);
        layers.section::<UploadConfig>();
        layers.program_value("upload", "max_part_head", Raw::Text("100B".into()));
        let error = layers.resolve().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("from \"256B\" to \"1MiB\""), "{error}");
    }
}
