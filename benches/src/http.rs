//! A small HTTP/1.1 client on one connection that stays: what it adds to a measured time is a write and a read.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::Result;

/// One connection to a server on this machine.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200 and its kin.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects to a port of this machine.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: format!("127.0.0.1:{port}"),
        })
    }

    /// Asks for a path, with a bearer token unless it is empty.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is no HTTP.
    pub fn get(&mut self, path: &str, token: &str) -> Result<Answer> {
        self.send("GET", path, token, b"")
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// As [`Client::get`]; also for every answer but a good one.
    pub fn post(&mut self, path: &str, token: &str, body: &Value) -> Result<Value> {
        self.tell("POST", path, token, body)
    }

    /// Puts JSON in a thing's place and reads JSON.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub fn put(&mut self, path: &str, token: &str, body: &Value) -> Result<Value> {
        self.tell("PUT", path, token, body)
    }

    fn tell(&mut self, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
        let answer = self.send(method, path, token, body.to_string().as_bytes())?;
        if !(200..300).contains(&answer.status) {
            let words = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("{method} {path}: {} {words}", answer.status).into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn send(&mut self, method: &str, path: &str, token: &str, body: &[u8]) -> Result<Answer> {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n",
            self.host
        );
        if !token.is_empty() {
            text += &format!("Authorization: Bearer {token}\r\n");
        }
        if method != "GET" {
            text += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.get_mut().write_all(&bytes)?;
        read(&mut self.stream)
    }
}

/// Reads one answer: its body has a length, or comes in chunks.
fn read(stream: &mut impl BufRead) -> Result<Answer> {
    let first = line(stream)?;
    let status = first.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status = status.ok_or_else(|| format!("`{first}` is no HTTP answer"))?;
    let (mut length, mut chunked) = (0, false);
    loop {
        let line = line(stream)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse()?,
            ("transfer-encoding", value) => chunked = value.eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let head = line(stream)?;
            let size = usize::from_str_radix(head.split(';').next().unwrap_or_default().trim(), 16)?;
            take(stream, size, &mut body)?;
            line(stream)?;
            if size == 0 {
                break;
            }
        }
    } else {
        take(stream, length, &mut body)?;
    }
    Ok(Answer { status, body })
}

fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err("the server hung up".into());
    }
    Ok(line.trim_end().to_owned())
}

fn take(stream: &mut impl BufRead, size: usize, body: &mut Vec<u8>) -> Result {
    let read = stream.take(size as u64).read_to_end(body)?;
    if read < size {
        return Err("the server hung up in the middle of an answer".into());
    }
    Ok(())
}

/// A text as a part of a query: everything but plain letters and digits as `%XX`.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_a_length_and_in_chunks_are_read_one_after_the_other() {
        let mut stream: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 Not Found\r\n\
            transfer-encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let mut next = || read(&mut stream).map(|it| (it.status, String::from_utf8(it.body).unwrap()));
        assert_eq!(next().unwrap(), (200, "abc".to_owned()));
        assert_eq!(next().unwrap(), (404, "def".to_owned()));
        assert_eq!(next().unwrap(), (204, String::new()));
        assert!(next().is_err());
        assert!(read(&mut b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".as_slice()).is_err());
    }

    #[test]
    fn a_text_becomes_a_part_of_a_query() {
        assert_eq!(percent("人 a&b"), "%E4%BA%BA%20a%26b");
    }
}
