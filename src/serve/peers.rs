//! `PeerService`: other instances of the cluster ask about the partitions that live here. Knows no question.

use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1 as pb;
use crate::proto::v1::peer_service_server::PeerService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Whoever knows the partitions.
#[tonic::async_trait]
pub trait Answers: Send + Sync {
    /// Bytes to bytes; `None`: the questions are of another version.
    async fn answer(&self, questions: Vec<u8>) -> Option<Vec<u8>>;
}

/// The door for other instances.
pub struct Peers {
    /// `None`: this is no cluster.
    answers: Option<Arc<dyn Answers>>,
}

impl Peers {
    pub fn new(answers: Option<Arc<dyn Answers>>) -> Peers {
        Peers { answers }
    }
}

#[tonic::async_trait]
impl PeerService for Peers {
    async fn ask(&self, request: Request<pb::AskRequest>) -> Result<Response<pb::AskResponse>, Status> {
        // Who may call at all the gate has decided; without one nobody is known.
        Visit::of(request.extensions())?;
        let Some(answers) = &self.answers else {
            return Err(Refusal::Precondition("NO_CLUSTER", "this service is in no cluster".into()).into());
        };
        let answers = answers.answer(request.into_inner().questions.to_vec()).await;
        let expected = "questions of the same version of wagewatch";
        let answers = answers.ok_or_else(|| Refusal::invalid("questions", expected))?;
        Ok(Response::new(pb::AskResponse { answers: answers.into() }))
    }
}
