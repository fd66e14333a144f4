//! Appending and reading, in memory and on disk.

use crate::drafts::{History, check_holds, fill, records};
use ledger::memory::MemoryStore;
use ledger::{AppendError, Draft, EncodeError, Ledger, Options, Position, WriterTaken};
use seats::{AccountId, Event, Timestamp};

pub(crate) fn tiny() -> Options {
    Options {
        journal_bytes: 32 << 10,
        volume_commits: 150,
        block_bytes: 2000,
        closed_volumes_open: 2,
        block_cache_bytes: 5000,
        ..Options::default()
    }
}

#[test]
fn what_is_appended_is_read_in_memory() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let (drafts, _) = fill(&ledger, &mut History::new(1, 20), 10, 30);
    check_holds(&ledger, &drafts);
}

#[test]
fn what_is_appended_is_read_on_disk_over_many_volumes_and_again_after_opening() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(2, 20);
    let (mut drafts, heads) = fill(&ledger, &mut history, 40, 25);
    check_holds(&ledger, &drafts);
    drop(ledger);
    for _ in 0..2 {
        let ledger = Ledger::open(dir.path(), &tiny()).unwrap();
        assert_eq!(ledger.head(), *heads.last().unwrap());
        check_holds(&ledger, &drafts);
    }
    let ledger = Ledger::open(dir.path(), &tiny()).unwrap();
    drafts.extend(fill(&ledger, &mut history, 10, 25).0);
    check_holds(&ledger, &drafts);
    assert!(ledger.record(Position(drafts.len() as u64)).unwrap().is_none());
}

#[test]
fn every_size_of_block_and_volume_gives_the_same_log() {
    let expected = Ledger::in_memory(MemoryStore::new()).unwrap();
    fill(&expected, &mut History::new(3, 5), 20, 20);
    for (volume_commits, block_bytes) in [(1, 1), (7, 30_000), (1000, 300), (100_000, 100_000)] {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { volume_commits, block_bytes, ..tiny() };
        let ledger = Ledger::create(dir.path(), &options).unwrap();
        fill(&ledger, &mut History::new(3, 5), 20, 20);
        assert_eq!(ledger.head(), expected.head());
        drop(ledger);
        let ledger = Ledger::open(dir.path(), &tiny()).unwrap();
        assert_eq!(records(&ledger), records(&expected));
    }
}

#[test]
fn readers_see_only_what_is_synced() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let mut writer = ledger.writer().unwrap();
    let syncer = writer.syncer();
    let drafts = History::new(4, 3).drafts(10);
    let first = writer.append(&drafts[..4]).unwrap();
    let empty = ledger.head();
    assert!(!first.is_durable(&empty));
    assert_eq!(records(&ledger), []);
    assert_eq!(ledger.record(Position(0)).unwrap(), None);
    assert_eq!(ledger.accounts(), []);
    assert_eq!(ledger.account_head(drafts[0].account).unwrap(), None);
    assert_eq!(writer.account_head(drafts[0].account).unwrap().unwrap().version, 1);
    let mut scan = ledger.scan(Position(0));
    assert!(scan.next().is_none());
    let second = writer.append(&drafts[4..]).unwrap();
    let head = syncer.sync().unwrap();
    assert!(first.is_durable(&head) && second.is_durable(&head), "one sync covers both");
    assert_eq!(scan.count(), 10, "a scan goes on where it stopped");
    assert_eq!(syncer.sync().unwrap(), head, "nothing to sync is no error");
    check_holds(&ledger, &drafts);
}

#[test]
fn one_sync_covers_appends_of_several_volumes() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(dir.path(), &tiny()).unwrap();
    let mut history = History::new(12, 5);
    let mut drafts = Vec::new();
    {
        let mut writer = ledger.writer().unwrap();
        for _ in 0..4 {
            for _ in 0..10 {
                let more = history.drafts(40);
                writer.append(&more).unwrap();
                drafts.extend(more);
            }
            assert_eq!(writer.syncer().sync().unwrap().size, drafts.len() as u64);
            check_holds(&ledger, &drafts);
        }
    }
    drop(ledger);
    check_holds(&Ledger::open(dir.path(), &tiny()).unwrap(), &drafts);
}

#[test]
fn there_is_one_writer_at_a_time() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let writer = ledger.writer().unwrap();
    assert_eq!(ledger.writer().err(), Some(WriterTaken));
    drop(writer);
    assert!(ledger.writer().is_ok());
}

#[test]
fn a_refused_draft_takes_its_whole_append_with_it() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let mut history = History::new(5, 1);
    let (mut drafts, _) = fill(&ledger, &mut history, 1, 5);
    let mut writer = ledger.writer().unwrap();
    let good = history.drafts(3);
    let mut check = |change: &dyn Fn(&mut Draft), expected: &dyn Fn(&Draft) -> AppendError| {
        let mut refused = good.clone();
        change(&mut refused[2]);
        assert_eq!(writer.append(&refused), Err(expected(&refused[2])));
        let head = writer.account_head(good[0].account).unwrap().unwrap();
        assert_eq!(head.version, 5, "nothing moved");
    };
    let account = AccountId(1);
    check(&|draft| draft.expected = 6, &|_| AppendError::Conflict {
        account,
        expected: 6,
        actual: 7,
    });
    let latest = good[1].at;
    check(&|draft| draft.at = Timestamp(latest.0 - 1), &|draft| AppendError::AtWentBack {
        account,
        at: draft.at,
        latest,
    });
    let latest = good[1].recorded_at;
    let before = Timestamp(latest.0 - 1);
    check(&|draft| draft.recorded_at = before, &|draft| AppendError::RecordedAtWentBack {
        account,
        recorded_at: draft.recorded_at,
        latest,
    });
    check(&|draft| draft.events.clear(), &|_| AppendError::Encode {
        account,
        source: EncodeError::Empty,
    });
    check(&|draft| draft.at = Timestamp(draft.recorded_at.0 + 1), &|draft| AppendError::Encode {
        account,
        source: EncodeError::RecordedBeforeAt { at: draft.at.0, recorded_at: draft.recorded_at.0 },
    });
    // A format byte, 31 bytes of fields, the previous hash, the count and the events.
    let long = vec![Event::ServiceStopped; 24 * 1024];
    let bytes = {
        let mut commit = records(&ledger)[4].commit.clone();
        (commit.version, commit.recorded_at) = (8, good[2].recorded_at);
        (commit.at, commit.actor) = (good[2].at, good[2].actor);
        commit.events.truncate(1);
        commit.encode().unwrap().len() - encoded_len(&commit.events) + 3 + long.len()
    };
    check(&|draft| draft.events.clone_from(&long), &|_| AppendError::Encode {
        account,
        source: EncodeError::TooLarge { bytes },
    });
    writer.append(&good).unwrap();
    writer.syncer().sync().unwrap();
    drafts.extend(good);
    check_holds(&ledger, &drafts);
}

fn encoded_len(events: &[Event]) -> usize {
    bincode::encode_to_vec(events, bincode::config::standard()).unwrap().len()
}

#[test]
fn nothing_appended_is_nothing_to_sync() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    let mut writer = ledger.writer().unwrap();
    let before = ledger.head();
    let ticket = writer.append(&[]).unwrap();
    assert!(ticket.is_durable(&before));
    assert_eq!(writer.syncer().sync().unwrap(), before);
}

#[test]
fn scans_and_replays_begin_and_break_anywhere() {
    let ledger = Ledger::in_memory(MemoryStore::new()).unwrap();
    fill(&ledger, &mut History::new(6, 5), 6, 50);
    let all = records(&ledger);
    for from in [0, 1, 49, 50, 51, 299, 300, 301, 999] {
        let expected = all.get(from as usize..).unwrap_or_default();
        let scanned: Vec<_> = ledger.scan(Position(from)).map(Result::unwrap).collect();
        assert_eq!(scanned, expected, "from {from}");
        let mut shown = Vec::new();
        let end = ledger.replay(Position(from), |record| {
            shown.push(record.clone());
            if shown.len() == 60 {
                std::ops::ControlFlow::Break(())
            } else {
                std::ops::ControlFlow::Continue(())
            }
        });
        assert_eq!(shown, expected[..expected.len().min(60)], "from {from}");
        assert_eq!(end.unwrap(), Position(from + shown.len() as u64), "from {from}");
    }
}
