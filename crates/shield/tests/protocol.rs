//! What the protocol can say, and that nothing else is understood.

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use paraph_shield::net::Net;
use paraph_shield::protocol::{Answer, BATCH, Ban, ReadError, Request, SECONDS, Status};
use proptest::prelude::*;

fn nets() -> impl Strategy<Value = Net> {
    let v4 = any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let v6 = any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
    (prop_oneof![v4, v6], any::<bool>())
        .prop_map(|(address, wide)| if wide { Net::wide(address) } else { Net::narrow(address) })
}

fn bans() -> impl Strategy<Value = Vec<Ban>> {
    let ban = (nets(), 1..=SECONDS).prop_map(|(net, seconds)| Ban { net, seconds });
    prop::collection::vec(ban, 0..40)
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        bans().prop_map(Request::Add),
        prop::collection::vec(nets(), 0..40).prop_map(Request::Delete),
        Just(Request::Flush),
        Just(Request::List),
    ]
}

fn written(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.write(&mut bytes).expect("memory");
    bytes
}

proptest! {
    #[test]
    fn a_request_and_an_answer_come_back_as_they_were(request in requests(), bans in bans(), done in any::<u32>()) {
        let bytes = written(&request);
        prop_assert_eq!(Request::read(&mut bytes.as_slice()).expect("sound"), Some(request));
        let answer = Answer { done, bans, ..Answer::of(Status::Full) };
        let mut bytes = Vec::new();
        answer.write(&mut bytes).expect("memory");
        prop_assert_eq!(Answer::read(&mut bytes.as_slice()).expect("sound"), answer);
    }

    /// Whatever is understood is the one encoding of what it says, and is bounded.
    #[test]
    fn garbled_requests_are_refused_or_are_the_one_encoding(
        request in requests(), at in any::<prop::sample::Index>(), to in any::<u8>(), keep in any::<prop::sample::Index>(),
    ) {
        let mut bytes = written(&request);
        let at = at.index(bytes.len());
        bytes[at] = to;
        bytes.truncate(keep.index(bytes.len()) + 1);
        let mut reader = Cursor::new(&bytes);
        if let Ok(Some(read)) = Request::read(&mut reader) {
            let read_bytes = usize::try_from(reader.position()).expect("short");
            prop_assert_eq!(&written(&read), &bytes[..read_bytes]);
            if let Request::Add(bans) = read {
                prop_assert!(bans.len() <= BATCH && bans.iter().all(|ban| (1..=SECONDS).contains(&ban.seconds)));
            }
        }
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Request::read(&mut bytes.as_slice());
        let _ = Answer::read(&mut bytes.as_slice());
    }
}

#[test]
fn nothing_wider_or_longer_can_be_said() {
    let head = |count: u16| [b"PSH\x01\x01".as_slice(), &count.to_be_bytes()].concat();
    let entry = |family: u8, len: u8, address: [u8; 16], seconds: u32| {
        [&[family, len][..], &address, &seconds.to_be_bytes()].concat()
    };
    let v4 = |octets: [u8; 4]| {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&octets);
        address
    };
    let v6 = |text: &str| text.parse::<Ipv6Addr>().expect("an address").octets();
    let read = |bytes: Vec<u8>| Request::read(&mut bytes.as_slice());
    let one = |entry: Vec<u8>| read([head(1), entry].concat());
    assert!(one(entry(4, 32, v4([192, 0, 2, 1]), 60)).is_ok());
    for refused in [
        entry(4, 16, v4([192, 0, 0, 0]), 60),
        entry(4, 0, v4([0, 0, 0, 0]), 60),
        entry(4, 24, v4([192, 0, 2, 1]), 60),
        entry(4, 32, v4([192, 0, 2, 1]), 0),
        entry(4, 32, v4([192, 0, 2, 1]), SECONDS + 1),
        entry(4, 32, v6("2001:db8::1"), 60),
        entry(6, 128, v6("2001:db8::1"), 60),
        entry(6, 64, v6("2001:db8::1"), 60),
        entry(6, 32, v6("2001:db8::"), 60),
        entry(6, 64, v6("::ffff:192.0.2.1"), 60),
        entry(5, 32, v4([192, 0, 2, 1]), 60),
    ] {
        assert!(matches!(one(refused.clone()), Err(ReadError::Malformed)), "{refused:?}");
    }
    // More than a batch is refused by its count, before anything of it is read.
    assert!(matches!(read(head(1025)), Err(ReadError::Malformed)));
    assert!(matches!(read(b"PSH\x02\x03\0\0".to_vec()), Err(ReadError::Malformed)));
    assert!(matches!(read(b"PSH\x01\x03\0\x01".to_vec()), Err(ReadError::Malformed)));
    assert!(matches!(read(b"".to_vec()), Ok(None)));
}
