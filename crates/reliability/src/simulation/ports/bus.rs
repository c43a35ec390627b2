//! A bus that loses, repeats and delays, and sometimes says so.

use std::{sync::Arc, time::Duration};

use domain::{
    OrderEvent,
    ports::{BusMessage, EventBus},
};
use futures::stream::{BoxStream, StreamExt};
use tokio::{sync::mpsc, time::sleep};

use crate::simulation::{process::Process, world::lock};

/// The bus as one process sees it.
pub(crate) struct SimulatedBus(pub(crate) Arc<Process>);

impl EventBus for SimulatedBus {
    fn publish(&self, events: Vec<Arc<OrderEvent>>) {
        let process = self.0.clone();
        tokio::spawn(async move {
            process.live().await;
            for event in events {
                deliver(&process, &event);
            }
        });
    }

    fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        let (sender, receiver) = mpsc::unbounded_channel();
        lock(&self.0.world.subscribers).push(sender);
        let process = self.0.clone();
        futures::stream::unfold((receiver, process), |(mut receiver, process)| async move {
            let message = receiver.recv().await?;
            process.live().await;
            Some((message, (receiver, process)))
        })
        .boxed()
    }

    fn is_connected(&self) -> bool {
        true
    }
}

/// Delivers an event to every subscriber, unless the plan loses it.
fn deliver(process: &Process, event: &Arc<OrderEvent>) {
    let world = &process.world;
    for subscriber in lock(&world.subscribers).iter() {
        if world.happens(world.plan.loses_message) {
            continue;
        }
        if world.happens(world.plan.loses_message / 4) {
            let _ = subscriber.send(BusMessage::Interrupted);
            continue;
        }
        let message = BusMessage::Event(event.clone());
        if world.happens(world.plan.disturbs_message) {
            let (subscriber, message) = (subscriber.clone(), message.clone());
            let delay = Duration::from_millis(world.between(0, 2_000));
            tokio::spawn(async move {
                sleep(delay).await;
                let _ = subscriber.send(message);
            });
            if world.between(0, 2) == 0 {
                continue; // late instead of twice
            }
        }
        let _ = subscriber.send(message);
    }
}
