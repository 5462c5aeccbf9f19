//! Connections as they come in: plain or behind a handshake, each with its peer's address and certificate.
//! A handshake that takes too long ends, and holds up nobody else. Knows no caller: only what he showed.

use super::Guard;
use super::certificate::{Identity, identity};
use super::crowd::{Crowd, Place};
use super::revocation::Proof;
use super::tls::{Language, Tls};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// Who is at the other end, as far as the connection tells.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    pub from: Option<SocketAddr>,
    /// Of a certificate that one of our authorities signed.
    pub certificate: Option<Arc<Identity>>,
    /// It, and those between it and its authority, for the lists of revoked ones.
    pub proof: Option<Proof>,
}

/// One connection, ready to be spoken on.
pub struct Wire {
    stream: Stream,
    peer: Peer,
    /// Until the first bytes have come: who connects and says nothing keeps no place. Then, where there is an `idle`,
    /// until nothing has moved for so long.
    patience: Option<Pin<Box<Sleep>>>,
    idle: Option<Duration>,
    /// Its places among all connections and among those of its address, given back when it ends.
    _seat: Seat,
}

type Seat = (OwnedSemaphorePermit, Place);

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connections that are ready and nobody has taken yet.
const READY: usize = 16;
/// After the system could not give a connection: too many files are open, for example.
const PAUSE: Duration = Duration::from_millis(50);

/// How a door takes its connections.
#[derive(Clone)]
pub struct Threshold {
    /// `None` = plain text.
    pub tls: Option<Tls>,
    pub language: Language,
    /// At once; more wait in the system's queue.
    pub connections: usize,
    /// At once of one address; more are closed.
    pub of_address: usize,
    /// How long a handshake may take, and then the first bytes.
    pub patience: Duration,
    /// A connection on which nothing was heard or said for so long is closed; `None`: the language has signs of life of
    /// its own.
    pub idle: Option<Duration>,
    /// Told of each that is closed.
    pub guard: Arc<Guard>,
}

/// Takes connections until `stop`.
pub fn incoming(
    listener: TcpListener,
    threshold: Threshold,
    stop: CancellationToken,
) -> mpsc::Receiver<io::Result<Wire>> {
    let (out, wires) = mpsc::channel(READY);
    tokio::spawn(async move {
        let seats = Arc::new(Semaphore::new(threshold.connections.min(Semaphore::MAX_PERMITS)));
        tokio::select! {
            () = take(&listener, &threshold, &seats, &out) => {}
            () = stop.cancelled() => {}
            () = out.closed() => {}
        }
    });
    wires
}

async fn take(
    listener: &TcpListener,
    threshold: &Threshold,
    seats: &Arc<Semaphore>,
    out: &mpsc::Sender<io::Result<Wire>>,
) {
    let crowd = Crowd::default();
    loop {
        // The semaphore is never closed.
        let Ok(seat) = seats.clone().acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = crowd.enter(from.ip(), threshold.of_address) else {
            threshold.guard.crowded();
            continue;
        };
        let seat = (seat, place);
        let _ = stream.set_nodelay(true);
        match &threshold.tls {
            None => {
                let peer = Peer { from: Some(from), ..Peer::default() };
                let wire = Wire::new(Stream::Plain(stream), peer, seat, (threshold.patience, threshold.idle));
                if out.send(Ok(wire)).await.is_err() {
                    return;
                }
            }
            Some(tls) => {
                let (tls, threshold) = (tls.clone(), threshold.clone());
                tokio::spawn(shake(tls, threshold, stream, from, seat, out.clone()));
            }
        }
    }
}

/// Who does not know how to shake hands is left without a word: there is no language to tell him in.
async fn shake(
    tls: Tls,
    threshold: Threshold,
    stream: TcpStream,
    from: SocketAddr,
    seat: Seat,
    out: mpsc::Sender<io::Result<Wire>>,
) {
    let acceptor = TlsAcceptor::from(tls.config(threshold.language));
    let stream = match tokio::time::timeout(threshold.patience, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(why)) => {
            tracing::debug!(%from, %why, "a handshake failed");
            return;
        }
        Err(_) => {
            tracing::debug!(%from, "a handshake took too long");
            return;
        }
    };
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificate = shown.first().and_then(|der| identity(der)).map(Arc::new);
    let proof = certificate.is_some().then(|| Proof::new(shown, tls));
    let peer = Peer { from: Some(from), certificate, proof };
    let times = (threshold.patience, threshold.idle);
    let _ = out.send(Ok(Wire::new(Stream::Tls(Box::new(stream)), peer, seat, times))).await;
}

impl Wire {
    fn new(stream: Stream, peer: Peer, seat: Seat, (patience, idle): (Duration, Option<Duration>)) -> Wire {
        Wire { stream, peer, patience: Some(Box::pin(tokio::time::sleep(patience))), idle, _seat: seat }
    }

    /// Something has moved.
    fn moved(&mut self) {
        match (self.idle, &mut self.patience) {
            (Some(idle), Some(patience)) => patience.as_mut().reset(Instant::now() + idle),
            _ => self.patience = None,
        }
    }

    /// What we say counts only where silence is looked at: our first words are no sign that anybody is there.
    fn said(&mut self, written: &Poll<io::Result<usize>>) {
        if self.idle.is_some() && written.is_ready() {
            self.moved();
        }
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

impl tonic::transport::server::Connected for Wire {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let read = match &mut wire.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        if read.is_ready() {
            wire.moved();
        } else if let Some(patience) = &mut wire.patience
            && patience.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = match &mut wire.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        };
        wire.said(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = match &mut wire.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        };
        wire.said(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
