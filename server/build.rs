//! Gives the embedded client a page to show where it has not been built, so that the program compiles without Node.

use std::path::Path;
use std::time::SystemTime;
use std::{fs, io};

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"vi\">
<meta charset=\"utf-8\">
<title>Hội Ấn</title>
<h1>Hội Ấn</h1>
<p>Giao diện chưa được dựng. Chạy <code>make run</code>, hoặc <code>npm ci &amp;&amp; npm run build</code> trong thư mục
<code>web</code>, rồi dựng lại chương trình.</p>
<p lang=\"en\">The client has not been built. Run <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> in the
folder <code>web</code>, then build the program again.</p>
";

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(&dist)?;
        fs::write(&index, NOT_BUILT)?;
        // Older than any source, so that make builds the real one.
        fs::File::open(&index)?.set_modified(SystemTime::UNIX_EPOCH)?;
    }
    println!("cargo::rerun-if-changed=../web/dist");
    Ok(())
}
