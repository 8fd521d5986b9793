//! The pen that the ledger is written with.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::authorizers::AuthorizerIssues;
use super::call::{Call, Received};
use super::{AuthorizerIssue, ComponentIssue, Issue, Ledger, Message, Pushed, TicketIssue};
use crate::sync::lock;

/// Takes notes; a snapshot of them is a [`Ledger`].
#[derive(Debug)]
pub(crate) struct Recorder {
    notes: Mutex<Notes>,
    limit: usize,
    /// Tells those who wait for calls that one arrived.
    arrivals: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Notes {
    issues: Vec<Issue>,
    component_issues: Vec<ComponentIssue>,
    /// Shared with the snapshots, since there may be many.
    authorizer_issues: Arc<AuthorizerIssues>,
    ticket_issues: Vec<TicketIssue>,
    messages: Vec<Message>,
    calls: VecDeque<Arc<Call>>,
    pushes: VecDeque<Pushed>,
    forgotten: u64,
    arrived: HashMap<String, usize>,
}

impl Recorder {
    /// Keeps at most `limit` calls, and as many pushes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { notes: Mutex::default(), limit, arrivals: watch::Sender::default() }
    }

    pub(crate) fn issue(&self, issue: Issue) {
        lock(&self.notes).issues.push(issue);
    }

    pub(crate) fn component_issue(&self, issue: ComponentIssue) {
        lock(&self.notes).component_issues.push(issue);
    }

    pub(crate) fn authorizer_issue(&self, issue: AuthorizerIssue) {
        Arc::make_mut(&mut lock(&self.notes).authorizer_issues).push(issue);
    }

    pub(crate) fn ticket_issue(&self, issue: TicketIssue) {
        lock(&self.notes).ticket_issues.push(issue);
    }

    pub(crate) fn message(&self, message: Message) {
        lock(&self.notes).messages.push(message);
    }

    pub(crate) fn pushed(&self, pushed: Pushed) {
        let mut notes = lock(&self.notes);
        notes.pushes.push_back(pushed);
        if notes.pushes.len() > self.limit {
            notes.pushes.pop_front();
        }
    }

    pub(crate) fn arrival(&self, received: Received) -> Arc<Call> {
        let call = Arc::new(Call::new(received));
        {
            let mut notes = lock(&self.notes);
            match notes.arrived.get_mut(call.path()) {
                Some(count) => *count += 1,
                None => {
                    notes.arrived.insert(call.path().to_owned(), 1);
                }
            }
            notes.calls.push_back(Arc::clone(&call));
            if notes.calls.len() > self.limit {
                notes.calls.pop_front();
                notes.forgotten += 1;
            }
        }
        self.arrivals.send_replace(());
        call
    }

    /// Waits until a path has received `count` calls since the last clearing.
    pub(crate) async fn arrived(&self, path: &str, count: usize) {
        let mut arrivals = self.arrivals.subscribe();
        let enough = |()| lock(&self.notes).arrived.get(path).copied().unwrap_or_default() >= count;
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = arrivals.wait_for(|&()| enough(())).await;
    }

    pub(crate) fn snapshot(&self) -> Ledger {
        let notes = lock(&self.notes);
        Ledger {
            issues: notes.issues.clone(),
            component_issues: notes.component_issues.clone(),
            authorizer_issues: Arc::clone(&notes.authorizer_issues),
            ticket_issues: notes.ticket_issues.clone(),
            messages: notes.messages.clone(),
            calls: notes.calls.iter().cloned().collect(),
            pushes: notes.pushes.iter().cloned().collect(),
            forgotten: notes.forgotten,
        }
    }

    pub(crate) fn clear(&self) {
        *lock(&self.notes) = Notes::default();
    }
}
