use super::*;
use crate::testing::Prng;

fn request(upload: bool) -> Request {
    Request {
        file: b"f".to_vec(),
        upload,
        upload_size: Some(513),
        ascii: false,
        block_size: 512,
        no_options: false,
        time_left: None,
    }
}

fn sent(tftp: &mut Tftp) -> Vec<u8> {
    let out = tftp.output().unwrap_or_default().to_vec();
    tftp.sent();
    out
}

#[test]
fn downloads() {
    let now = Instant::now();
    let mut tftp = Tftp::new(request(false), now).unwrap();
    assert_eq!(sent(&mut tftp), b"\0\x01f\0octet\0tsize\x000\0blksize\x00512\0timeout\x005\0");
    let oack = b"\0\x06tsize\x00520\0blksize\x00512\0";
    assert_eq!(tftp.receive(oack, now).unwrap(), Event::Size(520));
    assert_eq!(sent(&mut tftp), b"\0\x04\0\0");
    let block = [&b"\0\x03\0\x01"[..], &[7; 512]].concat();
    assert_eq!(tftp.receive(&block, now).unwrap(), Event::Body(4..516));
    assert_eq!(sent(&mut tftp), b"\0\x04\0\x01");
    assert_eq!(tftp.receive(&block, now).unwrap(), Event::None, "again: acknowledged again");
    assert_eq!(sent(&mut tftp), b"\0\x04\0\x01");
    assert_eq!(tftp.receive(b"\0\x03\0\x09x", now).unwrap(), Event::None);
    assert_eq!(tftp.output(), None);
    assert_eq!(tftp.receive(b"\0\x03\0\x02abcdefgh", now).unwrap(), Event::Done(4..12));
    assert_eq!(sent(&mut tftp), b"\0\x04\0\x02");
}

#[test]
fn uploads() {
    let now = Instant::now();
    let mut tftp = Tftp::new(request(true), now).unwrap();
    assert!(sent(&mut tftp).starts_with(b"\0\x02f\0octet\0tsize\x00513\0"));
    assert_eq!(tftp.receive(b"\0\x04\0\0", now).unwrap(), Event::WantBlock(512));
    tftp.block(&[1; 512]);
    assert_eq!(sent(&mut tftp).len(), 516);
    assert_eq!(tftp.receive(b"\0\x04\0\x05", now).unwrap(), Event::None);
    assert_eq!(sent(&mut tftp).len(), 516, "another block's: sent again");
    assert_eq!(tftp.receive(b"\0\x04\0\x01", now).unwrap(), Event::WantBlock(512));
    tftp.block(b"z");
    assert_eq!(sent(&mut tftp), b"\0\x03\0\x02z");
    assert_eq!(tftp.receive(b"\0\x04\0\x02", now).unwrap(), Event::Done(0..0));
}

#[test]
fn timeouts() {
    let now = Instant::now();
    let mut tftp = Tftp::new(request(false), now).unwrap();
    assert_eq!(tftp.deadline(), now + Duration::from_secs(5));
    for _ in 0..2 {
        sent(&mut tftp);
        tftp.timeout(now).unwrap();
        assert!(tftp.output().is_some());
    }
    assert_eq!(tftp.timeout(now).unwrap_err().code(), Code::CouldntConnect);
    let mut tftp = Tftp::new(request(false), now).unwrap();
    tftp.receive(&[&b"\0\x03\0\x01"[..], &[0; 512]].concat(), now).unwrap();
    let failed = (0..9).find_map(|_| tftp.timeout(now).err()).unwrap();
    assert_eq!(failed.code(), Code::OperationTimedout);
    let short = Request { time_left: Some(Duration::from_secs(60)), ..request(false) };
    assert_eq!(Tftp::new(short, now).unwrap().max_retries, 12);
}

#[test]
fn refusals() {
    let now = Instant::now();
    let code = |datagram: &[u8]| {
        Tftp::new(request(false), now).unwrap().receive(datagram, now).unwrap_err()
    };
    assert_eq!(code(b"\0\x05\0\x01gone\0").code(), Code::TftpNotfound);
    assert_eq!(code(b"\0\x05\0\x06\0").code(), Code::RemoteFileExists);
    assert_eq!(
        code(b"\0\x06blksize\x001024\0").message(),
        "server requested blksize larger than allocated (1024)"
    );
    assert_eq!(
        code(b"\0\x06blksize\x007\0").message(),
        "blksize is smaller than min supported (8)"
    );
    assert_eq!(code(b"\0\x06blksize\0").message(), "Malformed ACK packet, rejecting");
    assert_eq!(code(b"\0\x06tsize\x000\0").code(), Code::TftpIllegal);
    let name = |file: &[u8]| Tftp::new(Request { file: file.to_vec(), ..request(false) }, now);
    assert_eq!(name(b"").unwrap_err().message(), "Missing filename");
    assert_eq!(name(&[b'x'; 510]).unwrap_err().message(), "TFTP filename too long");
    assert_eq!(name(&[b'x'; 490]).unwrap_err().message(), "TFTP buffer too small for options");
}

#[test]
fn hostile_bytes_never_panic() {
    let mut prng = Prng::new(66);
    let now = Instant::now();
    for round in 0..500 {
        let mut tftp = Tftp::new(request(round % 2 == 0), now).unwrap();
        for _ in 0..20 {
            let len = prng.below(40);
            let mut datagram = vec![0, prng.below(8) as u8];
            datagram.extend(prng.bytes(len, b"\0\x01blksizet5"));
            match tftp.receive(&datagram, now) {
                Ok(Event::WantBlock(max)) => tftp.block(&vec![0; prng.below(max + 1)]),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
}
