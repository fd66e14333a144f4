//! How long a silent connection is waited for.
//!
//! The headers of a call must come in time from its first byte on, so that nobody holds a place by sending them
//! slowly. Between two calls a connection may rest for longer: an application that shows a sign of life every
//! forty seconds keeps its connection. Any byte, in either direction, is a sign; a call that is being answered
//! has a bound of its own.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How far a connection is with its calls; shared by its stream and whatever answers it.
#[derive(Clone, Default)]
pub(crate) struct Calls {
    /// Odd while a call is being answered.
    turns: Arc<AtomicU64>,
}

impl Calls {
    /// Answers a call.
    pub(crate) async fn answer<T>(&self, answering: impl Future<Output = T>) -> T {
        self.turns.fetch_add(1, Ordering::Relaxed);
        let answer = answering.await;
        self.turns.fetch_add(1, Ordering::Relaxed);
        answer
    }

    fn turn(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// The rest of a call's headers, or the first call.
    Headers,
    /// The next call.
    Next,
}

/// A stream that ends when it was silent for too long.
pub(crate) struct Patient<S> {
    stream: S,
    calls: Calls,
    header_time: Duration,
    idle_time: Duration,
    /// The turn in which the first byte of a call came, or could have.
    heading: Option<u64>,
    /// What is waited for, since a byte came or went or a call was answered.
    alarm: Option<(For, Pin<Box<Sleep>>)>,
}

impl<S> Patient<S> {
    /// Waits for a connection that was just made.
    pub(crate) fn new(stream: S, calls: Calls, header_time: Duration, idle_time: Duration) -> Self {
        let heading = Some(calls.turn());
        Patient { stream, calls, header_time, idle_time, heading, alarm: None }
    }

    fn heard(&mut self) {
        let turn = self.calls.turn();
        if self.heading != Some(turn) {
            self.alarm = None;
        }
        if turn.is_multiple_of(2) {
            self.heading = Some(turn);
        }
    }

    fn said(&mut self) {
        self.alarm.take_if(|(what, _)| *what == For::Next);
    }

    /// Ready when it was waited for long enough.
    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let turn = self.calls.turn();
        if !turn.is_multiple_of(2) {
            self.alarm = None; // A call is being answered.
            return Poll::Pending;
        }
        let (what, time) = match self.heading == Some(turn) {
            true => (For::Headers, self.header_time),
            false => (For::Next, self.idle_time),
        };
        self.alarm.take_if(|(other, _)| *other != what);
        let (_, alarm) = self.alarm.get_or_insert_with(|| (what, Box::pin(sleep(time))));
        alarm.as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                self.heard();
            }
            return read;
        }
        self.poll_alarm(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.said();
        }
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant as Played;

    const HEADERS: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(75);

    fn connection() -> (Patient<DuplexStream>, Calls, DuplexStream) {
        let (ours, theirs) = duplex(1024);
        let calls = Calls::default();
        (Patient::new(ours, calls.clone(), HEADERS, IDLE), calls, theirs)
    }

    /// How long it is waited until the next byte, or the end of patience.
    async fn waited(stream: &mut Patient<DuplexStream>) -> (Duration, bool) {
        let begun = Played::now();
        let read = stream.read_u8().await;
        (begun.elapsed(), read.is_ok_and(|_| true))
    }

    fn within(waited: (Duration, bool), expected: Duration) {
        let over = waited.0.checked_sub(expected);
        assert!(!waited.1 && over.is_some_and(|over| over < Duration::from_secs(1)), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_at_all_has_as_long_as_headers_have() {
        let (mut stream, _, _theirs) = connection();
        within(waited(&mut stream).await, HEADERS);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_one_by_one_do_not_lengthen_the_time_for_headers() {
        let (mut stream, calls, mut theirs) = connection();
        calls.answer(async {}).await;
        let begun = Played::now();
        let slowly = tokio::spawn(async move {
            for _ in 0..20 {
                if theirs.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
        });
        while waited(&mut stream).await.1 {}
        within((begun.elapsed(), false), HEADERS);
        slowly.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn between_calls_a_connection_rests_longer_and_each_call_begins_anew() {
        let (mut stream, calls, mut theirs) = connection();
        for _ in 0..3 {
            theirs.write_all(b"x").await.unwrap();
            assert!(waited(&mut stream).await.1);
            calls.answer(async {}).await;
            stream.write_all(b"y").await.unwrap();
            tokio::time::sleep(Duration::from_secs(40)).await;
        }
        within(waited(&mut stream).await, IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn while_a_call_is_answered_there_is_no_end() {
        let (mut stream, calls, mut theirs) = connection();
        let call = calls.clone();
        tokio::spawn(async move {
            call.answer(tokio::time::sleep(Duration::from_secs(500))).await;
            theirs.write_all(b"x").await.unwrap();
            tokio::time::sleep(Duration::from_secs(500)).await;
        });
        tokio::task::yield_now().await;
        assert_eq!(waited(&mut stream).await, (Duration::from_secs(500), true));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_a_sign_of_life() {
        let (mut stream, calls, _theirs) = connection();
        calls.answer(async {}).await;
        tokio::time::sleep(Duration::from_secs(70)).await;
        stream.write_all(b": still here").await.unwrap();
        within(waited(&mut stream).await, IDLE);
    }
}
