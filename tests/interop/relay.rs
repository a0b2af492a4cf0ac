//! What stands between a verifier and an authority, and may fail it in every way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a question.
#[derive(Debug, Clone)]
pub enum Behaviour {
    Pass,
    /// The connection is closed without an answer.
    Down,
    /// The answer never comes.
    Slow,
    /// The answer never ends.
    Huge,
    /// The answer is no answer.
    Garbage,
    /// Another address is named.
    Elsewhere(String),
}

/// Listens on a port of its own for as long as the test runs.
pub struct Relay {
    pub address: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Host and port of the authority.
    behind: String,
    /// By the part of the path that names the service; what is not named passes.
    behaviours: Vec<(&'static str, Behaviour)>,
    asked: Vec<String>,
    /// Connections that are to be left waiting.
    waiting: Vec<TcpStream>,
}

impl Relay {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&all);
                // Who asks may go away in the middle of an answer: that is its affair.
                thread::spawn(move || drop(answer(stream, &shared)));
            }
        });
        Self { address, shared }
    }

    pub fn pass_on_to(&self, authority: &str) {
        self.shared.lock().unwrap().behind = authority.trim_start_matches("http://").to_owned();
    }

    /// From now on the services whose paths hold these words behave so, and all others pass.
    pub fn behave(&self, behaviours: &[(&'static str, Behaviour)]) {
        let mut shared = self.shared.lock().unwrap();
        shared.behaviours = behaviours.to_vec();
        shared.asked.clear();
    }

    /// The paths that were asked for since.
    pub fn asked(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.clone()
    }
}

fn answer(mut client: TcpStream, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let (path, question) = read_question(&client)?;
    let (behaviour, behind) = {
        let mut shared = shared.lock().unwrap();
        shared.asked.push(path.clone());
        let found = shared.behaviours.iter().find(|(part, _)| path.contains(part));
        let behaviour = found.map_or(Behaviour::Pass, |(_, behaviour)| behaviour.clone());
        (behaviour, shared.behind.clone())
    };
    match behaviour {
        Behaviour::Pass => {
            let mut authority = TcpStream::connect(behind)?;
            authority.write_all(&question)?;
            std::io::copy(&mut authority, &mut client)?;
        }
        Behaviour::Down => {}
        Behaviour::Slow => shared.lock().unwrap().waiting.push(client),
        Behaviour::Huge => {
            client.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            let zeros = vec![0; 1 << 16];
            while client.write_all(&zeros).is_ok() {}
        }
        Behaviour::Garbage => {
            client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nnothing")?;
        }
        Behaviour::Elsewhere(address) => {
            let head = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            client.write_all(head.as_bytes())?;
        }
    }
    Ok(())
}

/// The path, and the whole question with its body, told to close the connection after its answer.
fn read_question(client: &TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push(line);
        }
    }
    let path = head.first().and_then(|line| line.split(' ').nth(1));
    let path = path.unwrap_or_default().to_owned();
    let mut question = head.concat().into_bytes();
    question.extend(b"Connection: close\r\n\r\n");
    let start = question.len();
    question.resize(start + length, 0);
    reader.read_exact(&mut question[start..])?;
    Ok((path, question))
}
