use super::{DecodeError, Decoder, Faults, ListLimits};
use crate::h2::Fields;

const LIMITS: ListLimits = ListLimits { bytes: 10_000, count: 50, string: 5_000, bomb: 40_000 };

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn decode(decoder: &mut Decoder, block: &str) -> String {
    let mut fields = Fields::default();
    assert_eq!(decoder.decode(&hex(block), LIMITS, &mut fields), Ok(Faults::default()));
    String::from_utf8(fields.raw().to_vec()).unwrap().replace("\r\n", "|")
}

fn failure(block: &[u8]) -> DecodeError {
    Decoder::new().decode(block, LIMITS, &mut Fields::default()).unwrap_err()
}

#[test]
fn rfc_7541_c_2() {
    let mut decoder = Decoder::new();
    let literal = "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572";
    assert_eq!(decode(&mut decoder, literal), "custom-key: custom-header|");
    assert_eq!(decode(&mut decoder, "be"), "custom-key: custom-header|");
    assert_eq!(decode(&mut decoder, "040c 2f73 616d 706c 652f 7061 7468"), ":path: /sample/path|");
    let secret = "1008 7061 7373 776f 7264 0673 6563 7265 74";
    assert_eq!(decode(&mut decoder, secret), "password: secret|");
    assert_eq!(decode(&mut decoder, "82"), ":method: GET|");
}

#[test]
fn rfc_7541_c_3_and_c_4() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    let lists = [
        ":method: GET|:scheme: http|:path: /|:authority: www.example.com|",
        ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache|",
        ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|\
         custom-key: custom-value|",
    ];
    for blocks in [plain, coded] {
        let mut decoder = Decoder::new();
        for (block, list) in blocks.into_iter().zip(lists) {
            assert_eq!(decode(&mut decoder, block), list);
        }
    }
}

/// Responses with a table of 256 bytes, which evict.
#[test]
fn rfc_7541_c_5_and_c_6() {
    let plain = [
        "3fe1 01 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 \
         2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 \
         677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 \
         553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    let coded = [
        "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 \
         2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 \
         821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed \
         4ee5 b106 3d50 07",
    ];
    let first = "cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|\
                 location: https://www.example.com|";
    let lists = [
        format!(":status: 302|{first}"),
        format!(":status: 307|{first}"),
        ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|\
         location: https://www.example.com|content-encoding: gzip|\
         set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1|"
            .to_string(),
    ];
    for blocks in [plain, coded] {
        let mut decoder = Decoder::new();
        for (block, list) in blocks.into_iter().zip(&lists) {
            assert_eq!(&decode(&mut decoder, block), list);
        }
    }
}

#[test]
fn broken_blocks() {
    assert_eq!(failure(b"\x80"), DecodeError("field index 0"));
    assert_eq!(failure(b"\xbe"), DecodeError("field index beyond the tables"));
    assert_eq!(failure(b"\x7f\xff\xff\xff\xff\xff\x01"), DecodeError("bad integer"));
    assert_eq!(failure(b"\x40\x05abc"), DecodeError("string cut off"));
    assert_eq!(failure(b"\x40\x01a"), DecodeError("bad integer"));
    assert_eq!(failure(b"\x40\x84\xff\xff\xff\xff"), DecodeError("bad Huffman code"));
}

#[test]
fn table_size_updates_are_limited() {
    assert_eq!(failure(b"\x3f\xe2\x1f"), DecodeError("table size update over the announced size"));
    assert_eq!(failure(b"\x88\x20"), DecodeError("table size update inside a header block"));
    assert_eq!(failure(b"\x20\x20\x20"), DecodeError("too many table size updates"));
    let mut fields = Fields::default();
    assert!(Decoder::new().decode(b"\x20\x3f\xe1\x1f\x88", LIMITS, &mut fields).is_ok());
}

#[test]
fn invalid_bytes_stay_noticed_in_the_table() {
    let mut decoder = Decoder::new();
    for block in [&b"\x40\x02aB\x01v"[..], b"\xbe", b"\x40\x01a\x02v\n", b"\xbe", b"\x7e\x01v"] {
        let faults = decoder.decode(block, LIMITS, &mut Fields::default()).unwrap();
        assert!(faults.invalid, "{block:?}");
    }
}

/// A few bytes that stand for megabytes: what is over the limit is not kept, and what is far
/// over it is not even decoded.
#[test]
fn bomb() {
    let mut decoder = Decoder::new();
    let mut block = b"\x40\x01a\x7f\xb1\x1e".to_vec();
    block.extend([b'v'; 4016]);
    block.extend([0xbe; 5]);
    let mut fields = Fields::default();
    let faults = decoder.decode(&block, LIMITS, &mut fields).unwrap();
    assert!(faults.oversized);
    assert!(fields.raw().len() <= LIMITS.bytes);
    block.extend([0xbe; 12_000]);
    let far = decoder.decode(&block, LIMITS, &mut fields);
    assert_eq!(far, Err(DecodeError("head far over the limit")));
}

#[test]
fn too_many_fields() {
    let mut fields = Fields::default();
    let faults = Decoder::new().decode(&[0x82; 51], LIMITS, &mut fields).unwrap();
    assert!(faults.oversized);
    assert_eq!(fields.len(), 50);
}
