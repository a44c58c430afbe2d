# Sluicegate with Nix: the toolchain (`nix develop`), what is deployed (`nix build .#bundle`), and the checks
# (`nix flake check`). CONTRIBUTING.md says how far this was tried.
{
  description = "Sluicegate: a WebSocket API into Kinesis and out to Rust functions";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    crane.url = "github:ipetkov/crane";
  };

  outputs =
    { nixpkgs, crane, ... }:
    let
      inherit (nixpkgs) lib;

      # Without x86_64-darwin, which nixpkgs drops with 26.11.
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];

      workspace = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).workspace.package;

      # A folder is a crate is a binary is a zip, so that the folders are the list.
      functions = builtins.attrNames (
        lib.filterAttrs (_: type: type == "directory") (builtins.readDir ./functions)
      );

      # All that is tracked, but for what no build and no test reads: a file that is forgotten here costs a build
      # too many, and not a build. Templates, values, fixtures and READMEs are compiled in or read by tests: crane's
      # own filter would leave them out.
      source = lib.fileset.toSource {
        root = ./.;
        fileset = lib.fileset.difference ./. (
          lib.fileset.unions [
            ./.ci
            ./.github
            ./CHANGELOG.md
            ./CODE_OF_CONDUCT.md
            ./COMPARE.md
            ./CONTRIBUTING.md
            ./PERFORMANCE.md
            ./flake.lock
            ./flake.nix
            ./fuzz
            ./justfile
            ./scripts
          ]
        );
      };

      # Lambda's two architectures, by Terraform's name: Rust's target, and the packages whose compiler has that
      # target's standard library. A machine of the same kind has it in its own.
      lambda = {
        x86_64 = {
          target = "x86_64-unknown-linux-gnu";
          native = "x86_64-linux";
          cross = pkgs: pkgs.pkgsCross.gnu64.buildPackages;
        };
        arm64 = {
          target = "aarch64-unknown-linux-gnu";
          native = "aarch64-linux";
          cross = pkgs: pkgs.pkgsCross.aarch64-multiplatform.buildPackages;
        };
      };

      perSystem =
        system:
        let
          pkgs = import nixpkgs {
            inherit system;
            # Terraform's licence is not a free one; nothing else is let in.
            config.allowUnfreePredicate = package: lib.getName package == "terraform";
          };
          craneLib = crane.mkLib pkgs;

          common = {
            pname = "sluicegate";
            inherit (workspace) version;
            src = source;
            strictDeps = true;
          };

          dependencies = craneLib.buildDepsOnly common;
          withDependencies = common // {
            cargoArtifacts = dependencies;
          };

          # cargo-lambda links with Zig against Lambda's C library, not Nix's. nixpkgs wraps it with the Zig that it
          # uses: another beside it would only be named in manifests. Zig keeps what it compiled in HOME.
          lambdaTools = [ pkgs.cargo-lambda ];
          lambdaHome = ''
            export HOME=$TMPDIR/home ZIG_GLOBAL_CACHE_DIR=$TMPDIR/zig
            mkdir -p "$HOME"
          '';

          craneFor =
            name:
            let
              architecture = lambda.${name};
              cross = architecture.cross pkgs;
            in
            if system == architecture.native then
              craneLib
            else
              craneLib.overrideScope (
                _: _: {
                  inherit (cross) rustc cargo;
                }
              );

          function =
            architecture: name:
            (craneFor architecture).mkCargoDerivation (
              common
              // {
                pname = "${name}-${architecture}";
                cargoArtifacts = null;
                doInstallCargoArtifacts = false;
                nativeBuildInputs = lambdaTools;
                buildPhaseCargoCommand = ''
                  ${lambdaHome}
                  cargo lambda build --locked --offline --skip-target-check --profile lambda \
                    --target ${lambda.${architecture}.target} --package ${name} --bin ${name} --lambda-dir lambda
                '';
                installPhaseCommand = "install -D lambda/${name}/bootstrap $out/bootstrap";
              }
            );

          program = craneLib.buildPackage (
            withDependencies
            // {
              cargoExtraArgs = "--locked --package sluicegate --features operator";
              doCheck = false;
              meta.mainProgram = "sluicegate";
            }
          );

          # Without the provider, which nixpkgs has in another version only: `terraform init` fetches what the
          # lock file names.
          bundle =
            architecture:
            (craneFor architecture).mkCargoDerivation (
              common
              // {
                pname = "sluicegate-bundle-${architecture}";
                cargoArtifacts = null;
                doInstallCargoArtifacts = false;
                nativeBuildInputs = lambdaTools ++ [ program ];
                buildPhaseCargoCommand = ''
                  ${lambdaHome}
                  sluicegate bundle --no-providers --architecture ${architecture} --out dist
                '';
                installPhaseCommand = "cp -R dist $out";
              }
            );

          functionPackages = lib.listToAttrs (
            lib.concatMap (
              architecture:
              map (name: lib.nameValuePair "${name}-${architecture}" (function architecture name)) functions
            ) (builtins.attrNames lambda)
          );

          # Images run Linux, and so are built there. They say what the Dockerfile's say.
          images = lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
            image = pkgs.dockerTools.buildLayeredImage {
              name = "sluicegate";
              tag = workspace.version;
              # Functions are built for Lambda, where the C library's loader lies in one of these folders; this one
              # finds the rest of its library where Nix has it.
              extraCommands = ''
                mkdir -m 1777 tmp
                mkdir lib lib64
                for loader in ${pkgs.glibc}/lib/ld-linux*; do
                  ln -s "$loader" lib/
                  ln -s "$loader" lib64/
                done
              '';
              config = {
                Entrypoint = [ (lib.getExe program) ];
                Cmd = [
                  "serve"
                  "--bind"
                  "0.0.0.0"
                ];
                Env = [
                  "PATH=${program}/bin"
                  "SLUICEGATE_PORT=4566"
                  "TMPDIR=/tmp"
                ];
                WorkingDir = "/tmp";
                User = "10001:10001";
                ExposedPorts."4566/tcp" = { };
                StopSignal = "SIGTERM";
                Healthcheck = {
                  Test = [
                    "CMD"
                    "sluicegate"
                    "health"
                  ];
                  # In nanoseconds.
                  Interval = 2000000000;
                  Timeout = 3000000000;
                  StartPeriod = 10000000000;
                  Retries = 3;
                };
              };
            };
            bundle-image = pkgs.dockerTools.buildLayeredImage {
              name = "sluicegate-bundle";
              tag = workspace.version;
              contents = [ pkgs.terraform ];
              # Nobody may write to /work but who mounts a folder there: state would be lost with the container.
              extraCommands = "mkdir -m 1777 tmp && mkdir work";
              config = {
                Entrypoint = [
                  (lib.getExe program)
                  "stack"
                  "--bundle"
                  (bundle "x86_64")
                ];
                Env = [
                  "SSL_CERT_FILE=${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt"
                  "HOME=/tmp"
                  "PATH=/bin"
                ];
                WorkingDir = "/work";
                User = "10001:10001";
              };
            };
          };
        in
        {
          packages =
            functionPackages
            // images
            // {
              default = program;
              sluicegate = program;
              bundle = bundle "x86_64";
              bundle-arm64 = bundle "arm64";
            };

          checks = {
            format = craneLib.cargoFmt common;
            clippy = craneLib.cargoClippy (
              withDependencies // { cargoClippyExtraArgs = "--workspace --all-targets -- --deny warnings"; }
            );
            tests = craneLib.cargoTest withDependencies;
            documentation = craneLib.cargoDoc (
              withDependencies
              // {
                cargoDocExtraArgs = "--workspace --no-deps";
                env.RUSTDOCFLAGS = "--deny warnings";
              }
            );
            deny = craneLib.cargoDeny common;
          };

          # Not crane's shell, which brings nixpkgs' compiler: rustup takes the one that rust-toolchain.toml names, so that
          # `nix develop -c just ci` lints and builds with what `just ci` does. The rest is what `.ci/` would install.
          devShells.default = pkgs.mkShell {
            packages = [
              pkgs.actionlint
              pkgs.awscli2
              pkgs.cargo-deny
              pkgs.cargo-lambda
              pkgs.cargo-nextest
              pkgs.checkov
              pkgs.docker-compose
              pkgs.just
              pkgs.nodejs
              pkgs.python3
              pkgs.rustup
              pkgs.shellcheck
              pkgs.terraform
              pkgs.websocat
            ]
            ++ lib.optional pkgs.stdenv.hostPlatform.isLinux pkgs.chromium;
            # What it brought, which a report of a failure should name.
            shellHook = ''
              for tool in "cargo --version" "cargo lambda --version" "terraform version" "just --version" \
                "node --version" "python3 --version" "checkov --version" "websocat --version"; do
                printf '%s: ' "''${tool% *}"
                $tool | head -n 1
              done
            '';
          };
        };

      each = lib.genAttrs systems perSystem;
    in
    {
      packages = lib.mapAttrs (_: outputs: outputs.packages) each;
      checks = lib.mapAttrs (_: outputs: outputs.checks) each;
      devShells = lib.mapAttrs (_: outputs: outputs.devShells) each;
    };
}
