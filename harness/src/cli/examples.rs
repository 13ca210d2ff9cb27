//! Examples, for the end of each command's help.

/// Those of the command as a whole.
pub(super) const FIRST: &str = "Examples:
  ator-harness topologies
  ator-harness verify two-home-local
  ator-harness verify three-hop --connector-image example/connector:1
  ator-harness report show latest -v";

/// Those of one subcommand.
#[expect(clippy::too_many_lines, reason = "a table of texts")]
pub(super) fn of(command: &str) -> Option<&'static str> {
    Some(match command {
        "verify" => {
            "Examples:
  ator-harness verify two-home-local
  ator-harness verify two-home-local --repeat 20
  ator-harness verify two-home-local --connector-image example/connector:1 --open
  ator-harness verify ./my-topology.toml --connector ./my-connector.toml --json"
        }
        "soak" => {
            "Examples:
  ator-harness soak two-home-local --for 25m
  ator-harness soak two-home-local --for 2h --seed 7
  ator-harness soak two-home-local --for 30m --seed 7 --fault cut-10s,daemon-restart"
        }
        "up" => {
            "Examples:
  ator-harness up two-home-local
  ator-harness up many-homes --homes 8"
        }
        "status" => {
            "Examples:
  ator-harness status
  ator-harness status two-home-local --json"
        }
        "down" => {
            "Examples:
  ator-harness down
  ator-harness down two-home-local"
        }
        "probe" => {
            "Examples:
  ator-harness probe two-home-local --for 30s
  ator-harness probe two-home-local --for 30s --rate 50/s"
        }
        "network" => {
            "Examples:
  ator-harness network up
  ator-harness network down --force"
        }
        "home" => {
            "Examples:
  ator-harness home init alice --agree-to-terms
  ator-harness home start
  ator-harness home key
  ator-harness home invite bob --key bob.key --to for-bob.txt
  ator-harness home accept from-bob.txt
  ator-harness home doctor"
        }
        "plan" => {
            "Examples:
  ator-harness plan two-home-local
  ator-harness plan three-hop --svg"
        }
        "doctor" => {
            "Examples:
  ator-harness doctor
  ator-harness doctor two-home-local --deep"
        }
        "report" => {
            "Examples:
  ator-harness report list
  ator-harness report show latest
  ator-harness report show 20261129-114859-c43cd1 -v
  ator-harness report show ator-runs/latest --open"
        }
        "compare" => {
            "Examples:
  ator-harness compare before/report.json after/report.json
  ator-harness compare before/repeat.json after/repeat.json --threshold 20% --page compared.html"
        }
        "ledger" => {
            "Examples:
  ator-harness ledger add ledger.jsonl ator-runs/latest/report.json
  ator-harness ledger show ledger.jsonl --last 7,30"
        }
        "conformance" => {
            "Examples:
  ator-harness conformance --connector toon
  ator-harness conformance --url ws://127.0.0.1:3000/btp --peer harness --secret-env SECRET"
        }
        "wire" => {
            "Examples:
  ator-harness wire decode 0100000001010b
  ator-harness wire encode -"
        }
        "completions" => {
            "Examples:
  ator-harness completions bash
  ator-harness completions zsh
  ator-harness completions fish"
        }
        "man" => {
            "Examples:
  ator-harness man ~/.local/share/man/man1"
        }
        _ => return None,
    })
}
