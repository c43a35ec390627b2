//! `engine config`: the settings in force.

use std::process::ExitCode;

use process::settings::Loaded;
use serde_json::json;

use crate::{
    cli::ConfigArgs,
    output::{self, print},
    render::table::{Table, text},
};

/// `from` has the settings of this command, which takes those of an engine.
pub(crate) fn run(args: &ConfigArgs, from: &Loaded<()>) -> anyhow::Result<ExitCode> {
    if args.json {
        for setting in &from.effective {
            let (name, source) = (&setting.name, setting.source.as_str());
            print(json!({ "name": name, "value": setting.value, "source": source }))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &from.dotenv {
        eprintln!("settings read from {}", path.display());
    }
    for warning in &from.warnings {
        eprintln!("warning: {warning}");
    }
    let rows = from.effective.iter().map(|setting| {
        let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
        let source = setting.value.as_ref().map_or("-", |_| setting.source.as_str());
        vec![setting.name.clone(), value, source.to_owned()]
    });
    let table = Table::new(vec![text("SETTING", 0), text("VALUE", 0), text("FROM", 1)], rows);
    print(table.text(output::width()))?;
    Ok(ExitCode::SUCCESS)
}
