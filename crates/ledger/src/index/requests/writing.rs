//! Writing runs, one after the other or merged from two. See [`super`].

use super::filter::Filter;
use super::layout::{BUCKET_BYTES, HEADER_BYTES, Layout, ROW_BYTES, bucket_of, check_of};
use super::{KIND, Rows, Run};
use crate::position::Position;
use crate::whole::put_in_place;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

const BUFFER_BYTES: usize = 1 << 20;

impl Run {
    /// Writes a run of `count` requests, given in order of key, and opens it.
    pub(in crate::index) fn write(
        dir: &Path,
        first: Position,
        end: Position,
        count: u64,
        rows: impl Iterator<Item = io::Result<(u64, Position)>>,
    ) -> io::Result<Run> {
        let path = dir.join(Run::name(first, end));
        let part = path.with_extension("part");
        let layout =
            Layout::of(count).ok_or_else(|| io::Error::other("too many requests for a run"))?;
        let mut front = Front::new(count, layout);
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&part)?);
        file.seek(SeekFrom::Start(layout.rows_at))?;
        for row in rows {
            let (key, position) = row?;
            let row = encode(key, position);
            front.add(key, &row);
            file.write_all(&row)?;
        }
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&front.finish(first, end))?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        put_in_place(&part, &path)?;
        let unread = || io::Error::other(format!("{} does not read as written", path.display()));
        Run::open(&path)?.ok_or_else(unread)
    }
}

/// Merges two runs, of which `newer` begins where `older` ends, into one.
pub(in crate::index) fn merge(dir: &Path, older: &Arc<Run>, newer: &Arc<Run>) -> io::Result<Run> {
    let rows = merged(vec![Run::rows(older), Run::rows(newer)]);
    Run::write(dir, older.first, newer.end, older.rows + newer.rows, rows)
}

/// Several rows in order as one. Whoever sees an error stops.
pub(in crate::index) fn merged(
    rows: Vec<Rows>,
) -> impl Iterator<Item = io::Result<(u64, Position)>> {
    let mut rows: Vec<_> = rows.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let mut least: Option<((u64, Position), usize)> = None;
        for (index, rows) in rows.iter_mut().enumerate() {
            match rows.peek() {
                Some(Ok(row)) if least.is_none_or(|(other, _)| *row < other) => {
                    least = Some((*row, index))
                }
                Some(Err(_)) => return rows.next(),
                _ => {}
            }
        }
        rows.get_mut(least?.1)?.next()
    })
}

/// What stands before the rows, gathered while they are written.
struct Front {
    count: u64,
    layout: Layout,
    // Of each bucket begun: the number of its first row, and its check once it has ended.
    buckets: Vec<(u32, u32)>,
    rows: u32,
    hasher: blake3::Hasher,
    filter: Filter,
}

impl Front {
    fn new(count: u64, layout: Layout) -> Front {
        let (buckets, hasher) = (Vec::with_capacity(layout.buckets), blake3::Hasher::new());
        Front { count, layout, buckets, rows: 0, hasher, filter: Filter::new(layout.filter_bytes) }
    }

    fn add(&mut self, key: u64, row: &[u8]) {
        self.begin(bucket_of(key, self.layout.buckets));
        self.hasher.update(row);
        self.filter.add(key);
        self.rows += 1;
    }

    /// Ends the buckets before `bucket`, so that the next row belongs to it.
    fn begin(&mut self, bucket: usize) {
        while self.buckets.len() <= bucket {
            self.end_bucket();
            self.buckets.push((self.rows, 0));
        }
    }

    fn end_bucket(&mut self) {
        if let Some((_, check)) = self.buckets.last_mut() {
            *check = check_of(&self.hasher.finalize());
        }
        self.hasher.reset();
    }

    fn finish(mut self, first: Position, end: Position) -> Vec<u8> {
        self.begin(self.layout.buckets - 1);
        self.end_bucket();
        let mut header = KIND.to_vec();
        for number in [first.0, end.0, self.count] {
            header.extend_from_slice(&number.to_be_bytes());
        }
        let mut rest =
            Vec::with_capacity(self.layout.buckets * BUCKET_BYTES + self.layout.filter_bytes);
        for (row, check) in &self.buckets {
            rest.extend_from_slice(&row.to_be_bytes());
            rest.extend_from_slice(&check.to_be_bytes());
        }
        rest.extend(self.filter.encode());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header).update(&rest);
        header.extend_from_slice(hasher.finalize().as_bytes());
        debug_assert_eq!(header.len(), HEADER_BYTES, "four numbers and a digest");
        header.extend(rest);
        header
    }
}

fn encode(key: u64, position: Position) -> [u8; ROW_BYTES] {
    let ([_, _, a, b, c, d, e, f], [_, _, g, h, i, j, k, l]) =
        (key.to_be_bytes(), position.0.to_be_bytes());
    [a, b, c, d, e, f, g, h, i, j, k, l]
}
