//! SSH: what a server says before keys are agreed on, files of known hosts, files of private keys without a
//! passphrase; and, with keys that seal nothing, what comes [`inside`].

mod inside;

use tress_proto::ssh::{Config, Credentials, Methods, PrivateKey, Ssh, known_hosts};

pub fn run(data: &[u8]) {
    let Some((&[what, size], bytes)) = data.split_first_chunk::<2>() else { return };
    match what & 3 {
        0 => known(bytes, size.into()),
        // A passphrase would have the key derived in as many rounds as the file says.
        1 => _ = PrivateKey::parse(bytes, b""),
        3 => inside::run(bytes, size, what >> 2),
        _ => session(bytes, usize::from(size).max(1), what & 4 != 0),
    }
}

/// A line that is added is found again, and taken out again.
fn known(file: &[u8], port: u16) {
    let key = b"\0\0\0\x0bssh-ed25519\0\0\0\x01k";
    let line = known_hosts::line(b"h.test", port, key);
    let _ = known_hosts::key_types(file, b"h.test", port);
    let without = known_hosts::without(file, b"h.test", port, key);
    let with = [&without[..], b"\n", &line].concat();
    assert!(known_hosts::key_types(&with, b"h.test", port).contains(&b"ssh-ed25519".to_vec()));
    let _ = known_hosts::check(&with, b"h.test", port, key);
}

fn session(bytes: &[u8], size: usize, sftp: bool) {
    let credentials = Credentials {
        user: b"u".to_vec(),
        password: b"p".to_vec(),
        key: Err("none".to_owned()),
        methods: Methods(u32::MAX),
    };
    let Ok(mut ssh) = Ssh::new(Config { credentials, sftp, known_keys: Vec::new() }) else {
        return;
    };
    for piece in bytes.chunks(size) {
        let mut at = 0;
        loop {
            let Ok((taken, _)) = ssh.step(&piece[at..]) else { return };
            at += taken;
            let count = ssh.output().len();
            ssh.sent(count);
            if taken == 0 && count == 0 {
                break;
            }
        }
    }
    assert!(!ssh.is_idle(), "nobody is in without a key exchange");
}
