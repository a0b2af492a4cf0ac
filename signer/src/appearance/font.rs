//! Liberation Serif, metric-compatible with Times New Roman (SIL OFL 1.1, beside the files).

/// Upright.
pub const REGULAR: &[u8] = include_bytes!("fonts/LiberationSerif-Regular.ttf");
/// Bold.
pub const BOLD: &[u8] = include_bytes!("fonts/LiberationSerif-Bold.ttf");
/// Italic.
pub const ITALIC: &[u8] = include_bytes!("fonts/LiberationSerif-Italic.ttf");
/// Bold italic.
pub const BOLD_ITALIC: &[u8] = include_bytes!("fonts/LiberationSerif-BoldItalic.ttf");
