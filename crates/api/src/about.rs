use process::settings::Setting;
use protocol::{EngineMode, SettingView};

/// What a process says about itself.
#[derive(Debug, Clone)]
pub struct About {
    pub mode: EngineMode,
    /// Effective settings, in the order of its help; secrets hidden.
    pub settings: Vec<SettingView<'static>>,
}

impl Default for About {
    /// Of an API that is part of another program.
    fn default() -> Self {
        Self { mode: EngineMode::Embedded, settings: Vec::new() }
    }
}

impl About {
    /// Of a process with these settings.
    pub fn new(mode: EngineMode, settings: &[Setting]) -> Self {
        let view = |setting: &Setting| SettingView {
            name: setting.name.clone().into(),
            value: setting.value.clone().map(Into::into),
            source: setting.source.as_str().into(),
        };
        Self { mode, settings: settings.iter().map(view).collect() }
    }
}
