//! Asking for a PIN through `pinentry`, which speaks the Assuan protocol over its standard input and output.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use zeroize::Zeroizing;

use super::message::Refusal;

/// What the person reads.
pub(super) struct Shown<'a> {
    pub title: &'a str,
    pub description: &'a str,
    pub prompt: &'a str,
    pub accept: &'a str,
    pub cancel: &'a str,
}

/// A window that is open, or opens when the PIN is asked for.
pub(super) struct Pinentry {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pinentry {
    /// Starts the program, and tells it what to show.
    ///
    /// # Errors
    /// [`Refusal::NoPinentry`].
    pub fn start(program: &Path, shown: &Shown<'_>) -> Result<Self, Refusal> {
        let missing = |error: io::Error| {
            eprintln!("hoian-token: {}: {error}", program.display());
            Refusal::NoPinentry
        };
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(missing)?;
        let (input, output) = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => (input, BufReader::new(output)),
            _ => return Err(Refusal::NoPinentry),
        };
        let mut pinentry = Self { child, input, output };
        pinentry.answer().map_err(missing)?.ok_or(Refusal::NoPinentry)?;
        for (command, text) in [
            ("OPTION", "grab"),
            ("SETTIMEOUT", PATIENCE_SECONDS),
            ("SETTITLE", shown.title),
            ("SETDESC", shown.description),
            ("SETPROMPT", shown.prompt),
            ("SETOK", shown.accept),
            ("SETCANCEL", shown.cancel),
        ] {
            // Which of these a program knows differs; what matters is that it asks.
            pinentry.say(command, text).map_err(missing)?;
        }
        Ok(pinentry)
    }

    /// Asks once; `error` says what was wrong with the one before.
    ///
    /// # Errors
    /// [`Refusal::Cancelled`] where the person closes the window or lets it wait.
    pub fn ask(&mut self, error: Option<&str>) -> Result<Zeroizing<String>, Refusal> {
        let gone = |_| Refusal::Cancelled;
        if let Some(error) = error {
            self.say("SETERROR", error).map_err(gone)?;
        }
        let pin = self.say("GETPIN", "").map_err(gone)?;
        pin.filter(|pin| !pin.is_empty()).ok_or(Refusal::Cancelled)
    }

    /// Says one line, and comes back with the data of its answer; `None` where it is refused.
    fn say(&mut self, command: &str, text: &str) -> io::Result<Option<Zeroizing<String>>> {
        let line = match text {
            "" => command.to_owned(),
            text => format!("{command} {}", escaped(text)),
        };
        writeln!(self.input, "{line}")?;
        self.input.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Option<Zeroizing<String>>> {
        let mut data = Zeroizing::new(String::new());
        loop {
            let mut line = Zeroizing::new(String::with_capacity(LINE_BYTES));
            if self.output.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end_matches(['\r', '\n']).split_once(' ') {
                Some(("D", text)) => data.push_str(&unescaped(text)),
                Some(("ERR", _)) => return Ok(None),
                Some(("OK", _)) => return Ok(Some(data)),
                None if line.trim_end() == "OK" => return Ok(Some(data)),
                // Comments and status lines.
                _ => {}
            }
        }
    }
}

impl Drop for Pinentry {
    /// The window goes with whoever opened it.
    fn drop(&mut self) {
        let _ = writeln!(self.input, "BYE");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `%`, CR and LF as `%XX`, within the length of a line (libassuan, "Client requests": 1000 octets).
fn escaped(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let length = line.len() + character.len_utf8().max(3);
        if length > LINE_BYTES - RESERVED_BYTES {
            break;
        }
        match character {
            '%' | '\r' | '\n' => line.push_str(&format!("%{:02X}", character as u32)),
            other => line.push(other),
        }
    }
    line
}

fn unescaped(text: &str) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
}

/// Somebody looks for the paper with their PIN on it, and no longer.
const PATIENCE_SECONDS: &str = "120";
const LINE_BYTES: usize = 1000;
/// For the command before the text.
const RESERVED_BYTES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_pass_as_one_line_and_pins_come_back_whole() {
        assert_eq!(escaped("Số 100%\nký"), "Số 100%25%0Aký");
        assert_eq!(unescaped("a%25b%0Aé").as_str(), "a%b\né");
        assert_eq!(unescaped("%2").as_str(), "%2");
        assert!(escaped(&"ữ".repeat(2000)).len() <= LINE_BYTES - RESERVED_BYTES);
    }
}
