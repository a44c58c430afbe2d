//! Lambda's CPU architectures, with each tool's name for them.

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    #[serde(rename = "x86_64")]
    #[value(name = "x86_64")]
    X86_64,
    /// AWS Graviton: cheaper; this project has only tested it under CPU emulation.
    #[serde(rename = "arm64")]
    #[value(name = "arm64")]
    Arm64,
}

impl Architecture {
    pub fn from_tfvars(name: &str) -> Option<Self> {
        match name {
            "x86_64" => Some(Self::X86_64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// Terraform's and Lambda's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Rust's target.
    pub const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The program interpreters that Amazon Linux 2023 has.
    pub const fn interpreters(self) -> &'static [&'static str] {
        match self {
            Self::X86_64 => &["/lib64/ld-linux-x86-64.so.2"],
            Self::Arm64 => &["/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1"],
        }
    }
}
