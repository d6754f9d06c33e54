//! What is read back: events and leaves, records, tables, files of ours and of an operator, sockets of this machine.

use paraph_shield::protocol as shield_protocol;
use paraph_tally::{Event, Leaf, Millis, PetitionId, Record, SignatureId};

use super::NOW;
use crate::alerts::book::{Alarm, Book, Rhythm};
use crate::ledger::record::Personal;
use crate::limits::Limits;
use crate::scrutiny::features::month_of;
use crate::scrutiny::rows::{ConfirmedFrom, Features};
use crate::trace::networks::kinds::Rules;
use crate::trace::networks::table::Table;
use crate::trace::networks::{snapshot, table};

/// One encoding for each event.
pub(super) fn event(bytes: &[u8]) {
    if let Ok(event) = Event::decode(bytes) {
        let mut again = Vec::new();
        event.encode(&mut again);
        assert_eq!(again, bytes);
    }
}

/// The same of leaves and records.
pub(super) fn leaf(bytes: &[u8]) {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode().expect("it was short enough"), bytes);
    }
    if let Ok(record) = Record::decode(bytes) {
        assert_eq!(record.encode(), bytes);
    }
}

/// What is unpacked is packed and unpacked again to the same.
pub(super) fn packed(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), [&[2], bytes].concat()] {
        let Ok(personal) = Personal::unpack(&bytes) else {
            continue;
        };
        // JSON may hold what was never hexadecimal.
        let Ok(again) = personal.pack() else { continue };
        assert_eq!(Personal::unpack(&again).expect("just packed"), personal);
    }
}

/// Rows of this version, of the first, and of none.
pub(super) fn features(bytes: &[u8]) {
    let now = month_of(NOW);
    for month in [0, now.saturating_sub(1), now, u32::MAX] {
        let _ = Features::observation(bytes, month, (SignatureId([1; 16]), PetitionId(1), NOW));
        let _ = ConfirmedFrom::source(bytes, month);
    }
}

/// A snapshot as a file, and its body as what was unpacked. Ranges of what is read lie in order and apart.
pub(super) fn networks(bytes: &[u8]) {
    let _ = snapshot::decode(bytes);
    for version in [1, 2] {
        let Ok(Table { v4, v6, places, .. }) = snapshot::table_of(bytes, version) else {
            continue;
        };
        for narrow in [v4, places.v4] {
            assert!(narrow.is_sorted_by(|one, next| one.first <= one.last && one.last < next.first));
        }
        for wide in [v6, places.v6] {
            assert!(wide.is_sorted_by(|one, next| one.first <= one.last && one.last < next.first));
        }
    }
}

/// The published table, a family on each side of an empty line; what is read can be written and read again.
pub(super) fn networks_table(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (v4, v6) = text.split_once("\n\n").unwrap_or((&text, ""));
    let rules = Rules::parse("").expect("no rules are rules");
    let _ = Rules::parse(&text);
    if let Ok(places) = table::read_places(v4, v6) {
        assert!(places.v4.is_sorted_by(|one, next| one.last < next.first));
        assert!(places.v6.is_sorted_by(|one, next| one.last < next.first));
    }
    if let Ok(table) = table::read(20_261_128, "fuzz".to_owned(), v4, v6, &rules) {
        assert!(table.v4.is_sorted_by(|one, next| one.last < next.first));
        assert!(table.v6.is_sorted_by(|one, next| one.last < next.first));
        let written = snapshot::encode(&table).expect("it can be written");
        let (again, _) = snapshot::decode(&written).expect("ours");
        assert_eq!((again.v4.len(), again.v6.len()), (table.v4.len(), table.v6.len()));
    }
}

/// Whatever a file says, a book tells what is due, and is told.
pub(super) fn alerts(bytes: &[u8]) {
    let Ok(mut book) = serde_json::from_slice::<Book>(bytes) else {
        return;
    };
    let rhythm = Rhythm::new(&Limits::default());
    let mut now = NOW;
    for round in 0..4 {
        for notice in book.due(&rhythm, now) {
            book.told(&notice, round % 2 == 0, &rhythm, now);
        }
        book.gone(Alarm::DiskLow, &rhythm, now);
        book.seen(Alarm::DiskLow, "again", now);
        now = Millis(now.0 + 3_600_000);
    }
    let kept = serde_json::to_vec(&book).expect("JSON");
    let read: Book = serde_json::from_slice(&kept).expect("ours");
    assert!(read.tells_the_same(&book));
    let ids: Vec<String> = book.open().map(|(_, open)| open.id.clone()).collect();
    for id in ids {
        assert!(book.acknowledge(&id, now));
    }
}

/// Messages of a language, and the saying of one.
pub(super) fn locale(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (id, messages) = text.split_once('\n').unwrap_or(("", &text));
    let messages = format!("number-group = .\n{messages}");
    crate::views::lang::reads(&messages, id);
}

/// A line on the control socket.
pub(super) fn control(bytes: &[u8]) {
    crate::control::is_request(bytes);
}

/// Both directions of the helper's protocol; what is read is written and read again.
pub(super) fn shield(bytes: &[u8]) {
    use shield_protocol::{Answer, BATCH, Request};
    if let Ok(Some(request)) = Request::read(&mut &*bytes) {
        let mut written = Vec::new();
        request.write(&mut written).expect("into memory");
        let again = Request::read(&mut written.as_slice()).expect("ours");
        assert_eq!(again.as_ref(), Some(&request));
        let count = match &request {
            Request::Add(bans) => bans.len(),
            Request::Delete(nets) => nets.len(),
            Request::Flush | Request::List => 0,
        };
        assert!(count <= BATCH);
    }
    if let Ok(answer) = Answer::read(&mut &*bytes) {
        let mut written = Vec::new();
        answer.write(&mut written).expect("into memory");
        assert_eq!(Answer::read(&mut written.as_slice()).expect("ours"), answer);
    }
}
