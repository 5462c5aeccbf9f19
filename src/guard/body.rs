//! What a known caller sends, weighed as it comes in: whoever sends more bytes than he may is read more slowly. No call
//! is refused for it; its own deadline ends it.

use super::visit::Visit;
use axum::body::HttpBody;
use http_body::{Frame, SizeHint};
use prost::bytes::Buf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep, sleep_until};

/// A request's body; `None`: nobody is known, and nothing is weighed.
pub struct Weighed<B> {
    inner: B,
    visit: Option<Arc<Visit>>,
    /// What came is paid for then.
    paid: Option<Pin<Box<Sleep>>>,
}

impl<B> Weighed<B> {
    pub(super) fn new(inner: B, visit: Option<Arc<Visit>>) -> Weighed<B> {
        Weighed { inner, visit, paid: None }
    }
}

impl<B> HttpBody for Weighed<B>
where
    B: HttpBody + Unpin,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let body = self.get_mut();
        if let Some(paid) = &mut body.paid {
            if paid.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            body.paid = None;
        }
        let polled = Pin::new(&mut body.inner).poll_frame(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(visit)) = (&polled, &body.visit)
            && let Some(data) = frame.data_ref()
        {
            let wait = visit.charge_bytes(data.remaining());
            body.paid = (!wait.is_zero()).then(|| Box::pin(sleep_until(Instant::now() + wait)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
