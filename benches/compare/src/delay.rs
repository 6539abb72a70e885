//! A line to a server on which every answer is late, as on the way to a hospital.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How late.
pub const LATE: Duration = Duration::from_millis(50);

/// Listens, and answers with what the server says, later. Requests have no body.
pub fn before(server: SocketAddr) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || pass_on(client, server));
        }
    });
    Ok(address)
}

fn pass_on(mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    while let Some((request, _)) = message(&mut client)? {
        std::thread::sleep(LATE);
        server.write_all(&request)?;
        let Some((head, length)) = message(&mut server)? else { break };
        client.write_all(&head)?;
        std::io::copy(&mut (&mut server).take(length), &mut client)?;
    }
    Ok(())
}

/// Head of the next message, byte by byte so that nothing of the next is taken, and the length of its body.
fn message(from: &mut TcpStream) -> std::io::Result<Option<(Vec<u8>, u64)>> {
    let (mut head, mut byte) = (vec![], [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Ok(Some((head, length.unwrap_or(0))))
}
