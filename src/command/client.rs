//! What the commands share that ask a running service: the connection, who they are to it, and how values are
//! printed.

use crate::proto::v1 as pb;
use anstyle::{AnsiColor, Style};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// Where `serve` listens unless it is told otherwise.
pub const ADDR: &str = "http://127.0.0.1:7443";
/// Answers that are taken.
pub const MESSAGE_BYTES: usize = 64 << 20;

const CONNECT: Duration = Duration::from_secs(5);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// For a flag: an address that can be connected to, `http://` put before it if it says nothing.
pub fn address(text: &str) -> Result<String, String> {
    let addr = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let expected = || "expected an address such as http://127.0.0.1:7443".to_owned();
    Endpoint::from_shared(addr.clone()).map(|_| addr).map_err(|_| expected())
}

/// Where the service is, and who asks.
#[derive(clap::Args, Clone, Debug)]
pub struct Service {
    /// Where the service listens
    #[arg(long, value_name = "URL", default_value = ADDR, env = "WAGEWATCH_ADDR", value_parser = address)]
    pub addr: String,
    /// A file with the bearer token to show
    #[arg(long, value_name = "FILE", env = "WAGEWATCH_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The authority that signed the service's certificate, PEM
    #[arg(long, value_name = "FILE", env = "WAGEWATCH_AUTHORITY")]
    pub authority: Option<PathBuf>,
    /// The certificate to show, PEM
    #[arg(long, value_name = "FILE", env = "WAGEWATCH_CERTIFICATE", requires = "certificate_key")]
    pub certificate: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", env = "WAGEWATCH_CERTIFICATE_KEY", requires = "certificate")]
    pub certificate_key: Option<PathBuf>,
}

/// A connection that shows the token with every call.
pub type Connection = InterceptedService<Channel, Bearer>;

/// Puts the token into a call's head; without one it changes nothing.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

pub async fn connect(service: &Service) -> Result<Connection, String> {
    let endpoint = Endpoint::from_shared(service.addr.clone())
        .map_err(|_| "expected an address such as http://127.0.0.1:7443".to_owned())?;
    let encrypted = endpoint.uri().scheme_str() == Some("https");
    let bearer = service.bearer(encrypted, endpoint.uri().host().unwrap_or_default())?;
    let mut endpoint = endpoint.connect_timeout(CONNECT).http2_keep_alive_interval(KEEPALIVE);
    if encrypted {
        endpoint = endpoint.tls_config(service.tls()?).map_err(|why| why.to_string())?;
    }
    let channel = endpoint.connect().await.map_err(|why| {
        let cause = std::error::Error::source(&why).map(|cause| cause.to_string());
        format!("cannot connect: {}", cause.unwrap_or_else(|| why.to_string()))
    })?;
    Ok(InterceptedService::new(channel, bearer))
}

impl Service {
    fn bearer(&self, encrypted: bool, host: &str) -> Result<Bearer, String> {
        let Some(file) = &self.token_file else { return Ok(Bearer(None)) };
        let loopback = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if !encrypted && !loopback {
            return Err("a token is not sent in plain text to another machine; use https://".into());
        }
        let text = read(file)?;
        let token = String::from_utf8_lossy(&text);
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.trim())
            .parse()
            .map_err(|_| format!("{}: expected a token", file.display()))?;
        value.set_sensitive(true);
        Ok(Bearer(Some(value)))
    }

    fn tls(&self) -> Result<ClientTlsConfig, String> {
        let mut tls = ClientTlsConfig::new();
        if let Some(file) = &self.authority {
            tls = tls.ca_certificate(Certificate::from_pem(read(file)?));
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.certificate_key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        Ok(tls)
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|why| format!("{}: {why}", file.display()))
}

/// Runs a command's conversation on this thread.
pub fn block_on(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(why) => {
            eprintln!("wagewatch: {why}");
            ExitCode::FAILURE
        }
    }
}

pub fn block_on_result<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| why.to_string())?.block_on(work)
}

pub fn colour(level: pb::Level) -> Style {
    let colour = match level {
        pb::Level::Red => AnsiColor::Red,
        // Sixteen colours have no orange.
        pb::Level::Orange => AnsiColor::Magenta,
        pb::Level::Yellow => AnsiColor::Yellow,
        pb::Level::Blue => AnsiColor::Blue,
        pb::Level::Unspecified => return Style::new(),
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

/// The number on the wire of a level's word; 0 for no level.
pub fn level_number(word: &str) -> i32 {
    let name = format!("LEVEL_{}", word.to_uppercase());
    pb::Level::from_str_name(&name).map_or(0, i32::from)
}

/// An enum's name as people read it: `WAGE_UNPAID` is `wage-unpaid`.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-")
}

/// A text that another machine sent, fit for a line of a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim_end().to_owned()
}

/// Money in yuan and how many people, where the alert is about any.
pub fn sum(alert: &pb::Alert) -> String {
    if alert.amount_fen == 0 {
        return String::new();
    }
    let (yuan, fen) = (alert.amount_fen / 100, alert.amount_fen % 100);
    match alert.workers {
        0 | 1 => format!("{yuan}.{fen:02} 元"),
        workers => format!("{yuan}.{fen:02} 元 / {workers} 人"),
    }
}
