//! Flags that are settings too: what the command line of a verb says of them, and those that verbs share.

use super::Key;

/// What was said on the command line, setting by setting.
#[derive(Default)]
pub struct Said(Vec<(Key, String)>);

impl Said {
    /// With a flag that has one value.
    pub fn one(mut self, key: Key, value: &Option<String>) -> Said {
        self.0.extend(value.iter().map(|value| (key, value.clone())));
        self
    }

    /// With a flag that can be repeated.
    pub fn many(mut self, key: Key, values: &[String]) -> Said {
        self.0.extend(values.iter().map(|value| (key, value.clone())));
        self
    }

    /// With a flag that has no value.
    pub fn switch(self, key: Key, on: bool) -> Said {
        self.one(key, &on.then(|| "true".to_owned()))
    }

    /// With what shared flags say.
    pub fn and(mut self, shared: Said) -> Said {
        self.0.extend(shared.0);
        self
    }
}

impl IntoIterator for Said {
    type Item = (Key, String);
    type IntoIter = std::vec::IntoIter<(Key, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// What scripts leave open.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub struct ValueFlags {
    /// Access token of a test person: NAME=env:VARIABLE or NAME=@FILE, NAME `default` for all (repeatable)
    #[arg(long, value_name = "NAME=TOKEN")]
    token: Vec<String>,
    /// Value of a script variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,
}

impl ValueFlags {
    /// What they say.
    pub fn said(&self) -> Said {
        Said::default().many(Key::Token, &self.token).many(Key::Var, &self.var)
    }
}

/// What scripts are judged with.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub struct PackageFlags {
    /// FHIR package to use: a .tgz, a folder or NAME@VERSION (repeatable)
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Folder of packages from which scripts pick theirs
    #[arg(long, value_name = "FOLDER")]
    package_dir: Option<String>,
}

impl PackageFlags {
    /// What they say.
    pub fn said(&self) -> Said {
        Said::default().many(Key::Package, &self.package).one(Key::PackageDir, &self.package_dir)
    }
}
