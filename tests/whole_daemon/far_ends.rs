//! Far ends that behave well, badly or not at all, and change their mind.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// How a far end behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Well,
    /// Accepts, and never reads.
    Hangs,
    /// Reads, and answers 500.
    AnswersAnError,
    /// Reads, and closes in the middle of its answer.
    ClosesMidWay,
}

/// One far end.
#[derive(Clone)]
pub(crate) struct FarEnd {
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<String>>>,
}

impl FarEnd {
    fn new(mood: Mood) -> Self {
        Self { mood: Arc::new(Mutex::new(mood)), taken: Arc::default() }
    }

    /// A web service on `port`.
    pub(crate) fn web(port: u16, mood: Mood) -> Self {
        let far_end = Self::new(mood);
        far_end.accept_tcp(port, |far_end, stream| far_end.serve(stream));
        far_end
    }

    /// A server on `port` that is only told, and answers nothing.
    pub(crate) fn listener(port: u16, mood: Mood) -> Self {
        let far_end = Self::new(mood);
        far_end.accept_tcp(port, |far_end, stream| far_end.listen(stream));
        far_end
    }

    /// The same on a Unix socket.
    pub(crate) fn unix(path: &Path, mood: Mood) -> Self {
        let far_end = Self::new(mood);
        let listener = UnixListener::bind(path).unwrap();
        let all = far_end.clone();
        spawn(move || {
            for stream in listener.incoming() {
                let one = all.clone();
                spawn(move || one.listen(stream.unwrap()));
            }
        });
        far_end
    }

    fn accept_tcp<F: Fn(&Self, std::net::TcpStream) + Send + Copy + 'static>(
        &self,
        port: u16,
        serve: F,
    ) {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let all = self.clone();
        spawn(move || {
            for stream in listener.incoming() {
                let one = all.clone();
                spawn(move || serve(&one, stream.unwrap()));
            }
        });
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// What it has taken: request bodies, or what each of its callers said.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sulk(&self) {
        while self.mood() == Mood::Hangs {
            sleep(Duration::from_millis(20));
        }
    }

    fn serve(&self, mut stream: impl Read + Write) {
        self.sulk();
        while let Some(body) = request(&mut stream) {
            let answer: &[u8] = match self.mood() {
                Mood::Well | Mood::Hangs => {
                    self.taken.lock().unwrap().push(body);
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                }
                Mood::AnswersAnError => b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
                Mood::ClosesMidWay => b"HTTP/1.1 20",
            };
            if stream.write_all(answer).is_err() || answer.len() < 20 {
                return;
            }
        }
    }

    fn listen(&self, mut stream: impl Read) {
        self.sulk();
        let index = {
            let mut taken = self.taken.lock().unwrap();
            taken.push(String::new());
            taken.len() - 1
        };
        let mut buffer = [0; 16_384];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => {
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    self.taken.lock().unwrap()[index].push_str(&text);
                }
                Err(problem) if problem.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

/// The body of the next request; none when the caller has gone.
fn request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16_384];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let wanted = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
        });
        if body.len() >= wanted.unwrap_or(0) {
            return Some(body.to_owned());
        }
    }
}
