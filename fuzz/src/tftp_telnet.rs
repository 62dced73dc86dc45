//! Datagrams of TFTP, options of TELNET and packets of MQTT.

use std::time::Instant;

use tress_proto::mqtt::Mqtt;
use tress_proto::telnet::Telnet;
use tress_proto::tftp::Tftp;
use tress_proto::{mqtt, tftp};

pub fn run(data: &[u8]) {
    let Some((&[which, size], bytes)) = data.split_first_chunk::<2>() else { return };
    let (now, size) = (Instant::now(), usize::from(size).max(1));
    let request = tftp::Request {
        file: b"file".to_vec(),
        upload: which & 1 != 0,
        upload_size: None,
        ascii: false,
        block_size: 512,
        no_options: which & 2 != 0,
        time_left: None,
    };
    if let Ok(mut tftp) = Tftp::new(request, now) {
        for datagram in bytes.chunks(size) {
            tftp.sent();
            if tftp.receive(datagram, now).is_err() {
                break;
            }
        }
    }

    let mut telnet = Telnet::new(Default::default());
    'telnet: for piece in bytes.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() {
            let count = telnet.output().len();
            telnet.sent(count);
            match telnet.receive(rest) {
                Ok((consumed, _)) if consumed > 0 => rest = &rest[consumed..],
                Ok(_) => break,
                Err(_) => break 'telnet,
            }
        }
    }

    let request = mqtt::Request {
        path: b"/a/b".to_vec(),
        publish: (which & 4 != 0).then_some(4),
        user: b"user".to_vec(),
        password: b"password".to_vec(),
        client_id: [b'a'; mqtt::CLIENT_ID_LEN],
        max_filesize: None,
    };
    let Ok(mut mqtt) = Mqtt::new(request, now) else { return };
    for piece in bytes.chunks(size) {
        let mut rest = piece;
        while !rest.is_empty() {
            let count = mqtt.output().len();
            mqtt.sent(count, now);
            match mqtt.receive(rest, now) {
                Ok((consumed, event)) => {
                    if event == mqtt::Event::Upload {
                        mqtt.published();
                    }
                    if let mqtt::Event::Body(range) = event {
                        assert!(range.end <= consumed);
                    }
                    if consumed == 0 {
                        break;
                    }
                    rest = &rest[consumed..];
                }
                Err(_) => return,
            }
        }
    }
}
