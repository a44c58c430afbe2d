//! Whether a binary starts on Lambda's Amazon Linux 2023: its machine, its interpreter, its C library.

use super::architecture::Architecture;
use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _};

/// The newest GLIBC that Amazon Linux 2023 has.
const GLIBC_MAX: Version = (2, 34);

type Version = (u16, u16);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ElfError {
    /// Not a 64-bit ELF binary.
    #[error("not a 64-bit ELF binary ({0}): build it for Linux, with `cargo lambda build`")]
    Format(String),
    /// Built for another machine.
    #[error("built for {found}, not for {expected}: set --architecture, or architecture in the tfvars")]
    Machine { found: String, expected: &'static str },
    /// Needs a program interpreter that Lambda does not have.
    #[error(
        "needs the interpreter {0}, which Lambda does not have: build it with `cargo lambda build`, not with the system linker"
    )]
    Interpreter(String),
    /// Needs a newer glibc.
    #[error("needs GLIBC_{}.{} ({symbol}), Lambda has 2.34: build it with `cargo lambda build`", .version.0, .version.1)]
    Glibc {
        version: Version,
        /// A symbol that needs it.
        symbol: String,
    },
}

/// Checks that `binary` starts on `architecture`. Reports the first obstacle.
pub fn check(binary: &[u8], architecture: Architecture) -> Result<(), ElfError> {
    let format = |error: object::read::Error| ElfError::Format(error.to_string());
    let elf = ElfFile64::<Endianness>::parse(binary).map_err(format)?;
    let expected = match architecture {
        Architecture::X86_64 => object::Architecture::X86_64,
        Architecture::Arm64 => object::Architecture::Aarch64,
    };
    if elf.architecture() != expected {
        return Err(ElfError::Machine {
            found: format!("{:?}", elf.architecture()),
            expected: architecture.name(),
        });
    }
    // A static binary needs no interpreter and no C library.
    if let Some(interpreter) = interpreter(binary).map_err(format)?
        && !architecture.interpreters().contains(&interpreter.as_str())
    {
        return Err(ElfError::Interpreter(interpreter));
    }
    let newest = glibc_needs(&elf).map_err(format)?.into_iter().max();
    match newest {
        Some((version, symbol)) if version > GLIBC_MAX => Err(ElfError::Glibc { version, symbol }),
        _ => Ok(()),
    }
}

fn interpreter(binary: &[u8]) -> object::read::Result<Option<String>> {
    let header = FileHeader64::<Endianness>::parse(binary)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, binary)? {
        if segment.p_type(endian) == PT_INTERP {
            let path = segment.data(endian, binary).unwrap_or_default();
            return Ok(Some(String::from_utf8_lossy(path).trim_end_matches('\0').to_owned()));
        }
    }
    Ok(None)
}

/// The glibc versions that symbols need, each with the symbol.
fn glibc_needs(elf: &ElfFile64<'_, Endianness>) -> object::read::Result<Vec<(Version, String)>> {
    let (endian, data) = (elf.endian(), elf.data());
    let sections = elf.elf_section_table();
    let Some(versions) = sections.versions(endian, data)? else { return Ok(Vec::new()) };
    let symbols = sections.symbols(endian, data, object::elf::SHT_DYNSYM)?;
    let mut needs = Vec::new();
    for index in (0..symbols.len()).map(object::SymbolIndex) {
        let Some(version) = versions.version(versions.version_index(endian, index))? else { continue };
        if let Some(version) = glibc(version.name()) {
            let symbol = symbols.symbol(index)?;
            let name = symbols.symbol_name(endian, symbol)?;
            needs.push((version, String::from_utf8_lossy(name).into_owned()));
        }
    }
    Ok(needs)
}

/// `GLIBC_2.34` or `GLIBC_2.2.5`; a private or a foreign version is none.
fn glibc(name: &[u8]) -> Option<Version> {
    let version = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_binary() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn what_is_no_elf_is_refused() {
        assert!(matches!(check(b"#!/bin/sh", Architecture::X86_64), Err(ElfError::Format(_))));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(glibc(b"GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(glibc(b"GLIBC_2.34"), Some((2, 34)));
        assert!(glibc(b"GLIBC_2.9") < glibc(b"GLIBC_2.34"));
        assert_eq!((glibc(b"GLIBC_PRIVATE"), glibc(b"GCC_3.0")), (None, None));
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    fn another_machine_is_refused() {
        let error = check(&this_binary(), Architecture::Arm64).unwrap_err();
        assert_eq!(error, ElfError::Machine { found: "X86_64".into(), expected: "arm64" });
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    fn symbols_and_interpreter_are_read_from_a_real_binary() {
        let binary = this_binary();
        let elf = ElfFile64::<Endianness>::parse(binary.as_slice()).unwrap();
        let needs = glibc_needs(&elf).unwrap();
        assert!(needs.iter().any(|(_, symbol)| symbol == "__libc_start_main"), "{needs:?}");
        assert!(interpreter(&binary).unwrap().is_some());
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    fn a_foreign_interpreter_is_refused() {
        let mut binary = this_binary();
        let path = interpreter(&binary).unwrap().unwrap();
        let at = binary.windows(path.len()).position(|window| window == path.as_bytes()).unwrap();
        binary[at..at + 4].copy_from_slice(b"/nix");
        assert!(
            matches!(check(&binary, Architecture::X86_64), Err(ElfError::Interpreter(found)) if found.starts_with("/nix"))
        );
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
    fn a_newer_c_library_is_refused() {
        let mut binary = this_binary();
        // The version's name alone is compared, so that a renamed one stands for a newer library.
        let versions = binary.windows(10).enumerate().filter(|(_, window)| window.starts_with(b"GLIBC_2.34"));
        let at: Vec<_> = versions.map(|(at, _)| at).collect();
        assert!(!at.is_empty(), "this test's own binary needs GLIBC_2.34");
        for at in at {
            binary[at..at + 10].copy_from_slice(b"GLIBC_2.99");
        }
        assert!(matches!(
            check(&binary, Architecture::X86_64),
            Err(ElfError::Glibc { version: (2, 99), .. })
        ));
    }
}
