//! Registers metrics and remembers what it has registered: the manual's table is made from that list.
//! Knows no metric by name.

use prometheus::core::Collector;
use prometheus::{
    Error, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};
use std::cell::RefCell;

/// One metric as the manual tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    pub name: String,
    /// "counter", "gauge" or "histogram".
    pub kind: &'static str,
    pub labels: Vec<String>,
    pub help: String,
}

/// A registry, and the list of what is in it.
pub(super) struct Registrar {
    registry: Registry,
    listed: RefCell<Vec<Listed>>,
}

impl Registrar {
    pub fn new(registry: Registry) -> Registrar {
        Registrar { registry, listed: RefCell::default() }
    }

    /// What was registered so far, in that order.
    pub fn listed(&self) -> Vec<Listed> {
        self.listed.borrow().clone()
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    fn registered<C: Collector + Clone + 'static>(&self, kind: &'static str, metric: C) -> Result<C, Error> {
        self.registry.register(Box::new(metric.clone()))?;
        self.listed.borrow_mut().extend(metric.desc().into_iter().map(|desc| Listed {
            name: desc.fq_name.clone(),
            kind,
            labels: desc.variable_labels.clone(),
            help: desc.help.clone(),
        }));
        Ok(metric)
    }

    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, Error> {
        self.registered("counter", IntCounter::new(name, help)?)
    }

    pub fn counter_vec(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, Error> {
        self.registered("counter", IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, Error> {
        self.registered("gauge", IntGauge::new(name, help)?)
    }

    /// One that counts in fractions: seconds.
    pub fn fine_gauge(&self, name: &str, help: &str) -> Result<Gauge, Error> {
        self.registered("gauge", Gauge::new(name, help)?)
    }

    pub fn fine_gauge_vec(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, Error> {
        self.registered("gauge", GaugeVec::new(Opts::new(name, help), labels)?)
    }

    pub fn gauge_vec(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, Error> {
        self.registered("gauge", IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, Error> {
        self.registered("histogram", Histogram::with_opts(histogram(name, help, buckets))?)
    }

    pub fn histogram_vec(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Result<HistogramVec, Error> {
        self.registered("histogram", HistogramVec::new(histogram(name, help, buckets), labels)?)
    }
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(buckets.to_vec())
}
