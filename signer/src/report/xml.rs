//! Text and elements of XML, of which HTML's text is a kind.

/// Text as character data or as a quoted attribute. What XML 1.0 (clause 2.2) cannot hold is replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => output.push_str("&amp;"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '"' => output.push_str("&quot;"),
            '\'' => output.push_str("&#39;"),
            '\t' | '\n' => output.push(character),
            '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => {
                output.push(char::REPLACEMENT_CHARACTER);
            }
            // A reader must not be shown text in another order than it stands (UAX 9, explicit directional characters).
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => output.push(char::REPLACEMENT_CHARACTER),
            other => output.push(other),
        }
    }
    output
}

/// Elements written one after another; what is opened is closed by the same value.
#[derive(Default)]
pub(super) struct Writer {
    output: String,
    open: Vec<&'static str>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            output: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// An element with what `inside` writes.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        self.output.push_str(">\n");
        self.open.push(name);
        inside(self);
        self.open.pop();
        self.indent();
        self.output.push_str(&format!("</{name}>\n"));
    }

    /// An element that holds text alone.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.start(name, &[]);
        self.output.push_str(&format!(">{}</{name}>\n", escaped(text)));
    }

    /// An element that holds nothing.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.output.push_str("/>\n");
    }

    pub(super) fn finish(self) -> String {
        self.output
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.output.push('<');
        self.output.push_str(name);
        for (name, value) in attributes {
            self.output.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
    }

    fn indent(&mut self) {
        self.output.push_str(&"  ".repeat(self.open.len()));
    }
}
