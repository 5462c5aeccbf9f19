//! The gate in front of every gRPC service: admits the caller, or answers in the service's place.

use super::Guard;
use super::body::Weighed;
use super::visit::Visit;
use super::wire::Peer;
use crate::access::Call;
use crate::proto::Refusal;
use axum::http::{Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::Status;
use tower::{Layer, Service};

/// Whoever comes with records sooner than he was told is answered when his time has come, and no later than this: one
/// who sends again at once would else keep the service busy with what it does not take.
const HELD_MOST: Duration = Duration::from_secs(1);

/// Puts a [`Gate`] before a service.
#[derive(Clone)]
pub struct GateLayer(pub Arc<Guard>);

#[derive(Clone)]
pub struct Gate<S> {
    guard: Arc<Guard>,
    inner: S,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { guard: self.0.clone(), inner }
    }
}

impl<S, B, R> Service<Request<B>> for Gate<S>
where
    S: Service<Request<Weighed<B>>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send,
    B: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match admit(&self.guard, &request) {
            Ok(None) => Box::pin(self.inner.call(request.map(|body| Weighed::new(body, None)))),
            Ok(Some(visit)) => {
                request.extensions_mut().insert(visit.clone());
                let request = request.map(|body| Weighed::new(body, Some(visit.clone())));
                let (answer, guard) = (self.inner.call(request), self.guard.clone());
                Box::pin(async move {
                    let answer = answer.await?;
                    let status = answer.extensions().get::<Status>();
                    status.iter().for_each(|refused| guard.count(refused));
                    // The answer leaves once it is written who gets it.
                    match visit.leave(status).await {
                        Ok(()) => Ok(answer),
                        Err(refusal) => {
                            let refused = Status::from(refusal);
                            guard.count(&refused);
                            Ok(refused.into_http())
                        }
                    }
                })
            }
            Err(refusal) => {
                let wait = match &refusal {
                    Refusal::Paced("records", after) => (*after).min(HELD_MOST),
                    _ => Duration::ZERO,
                };
                Box::pin(async move {
                    if !wait.is_zero() {
                        tokio::time::sleep(wait).await;
                    }
                    // Until now nothing of its body was read.
                    drop(request);
                    Ok(Status::from(refusal).into_http())
                })
            }
        }
    }
}

/// `None`: nobody is asked for his name, because nobody's rows are behind that path, or nothing at all.
fn admit<B>(guard: &Guard, request: &Request<B>) -> Result<Option<Arc<Visit>>, Refusal> {
    let Some(call) = Call::of_path(request.uri().path()) else { return Ok(None) };
    if call.is_public() {
        return Ok(None);
    }
    let nobody = Peer::default();
    let peer = request.extensions().get::<Peer>().unwrap_or(&nobody);
    guard.admit(call, request.headers(), peer).map(|visit| Some(Arc::new(visit)))
}
