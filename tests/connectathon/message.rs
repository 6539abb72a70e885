//! HTTP/1.1 messages as they stand on the wire, for comparing.

use std::io::BufRead;

/// Fields of the connection (RFC 9110 section 7.6.1), and those that say how a body is cut up.
const OF_THE_CONNECTION: [&str; 6] =
    ["connection", "keep-alive", "transfer-encoding", "host", "content-length", "date"];

/// A message: its body as it is, however it was cut up.
#[derive(PartialEq, Eq)]
pub struct Message {
    /// Request line, or the status of an answer.
    pub start: String,
    /// Fields, those of one name in their order.
    pub fields: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// For people.
    pub fn shown(&self) -> (&str, &[String], usize) {
        (&self.start, &self.fields, self.body.len())
    }
}

/// A part of a body in chunks.
pub fn chunk(part: &[u8]) -> String {
    format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part))
}

/// The next message of a connection. What stands behind the status of an answer says nothing.
pub fn read(from: &mut impl BufRead, asks: bool) -> Option<Message> {
    let mut line = || {
        let mut line = String::new();
        (from.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let start = line()?;
    let mut fields = vec![];
    loop {
        match line()? {
            field if field.is_empty() => break,
            field => fields.push(field),
        }
    }
    let of = |name: &str| {
        let found =
            fields.iter().find_map(|field| field.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value.to_owned())
    };
    let mut body = vec![];
    if of("transfer-encoding").is_some() {
        loop {
            let size = usize::from_str_radix(&line_of(from)?, 16).ok()?;
            let mut part = vec![0; size];
            from.read_exact(&mut part).ok()?;
            body.append(&mut part);
            line_of(from)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = of("content-length").and_then(|length| length.parse().ok()) {
        body = vec![0; length];
        from.read_exact(&mut body).ok()?;
    }
    let name = |field: &String| field.split(':').next().unwrap_or_default().to_ascii_lowercase();
    fields.retain(|field| !OF_THE_CONNECTION.contains(&name(field).as_str()));
    // Fields of one name keep their order; that of different names says nothing (RFC 9110 section 5.3).
    fields.sort_by_key(name);
    let start = if asks { start } else { start.split(' ').take(2).collect::<Vec<_>>().join(" ") };
    Some(Message { start, fields, body })
}

fn line_of(from: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (from.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}
