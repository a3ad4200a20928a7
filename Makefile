# Two commands do it all: `make demo` and `make test`. More words for a target go into ARGS: make test ARGS="-k receipt"
.DEFAULT_GOAL := help
.PHONY: demo test check bench soak fuzz man deb system-test vm-test clean help
MAKEFLAGS += --no-print-directory
ARGS ?=
SECONDS ?= 60

demo: ## Start a whole shop on this machine; Ctrl-C stops it, and its ledgers stay in var/demo
	@.ci/bootstrap.sh demo
	@exec .venv/bin/opos demo --dir var/demo $(ARGS)

# Four processes for two cores: the long tests wait for processes of their own. These start again and again, so what
# Python compiled is kept, whatever the environment says. The order of the files is that of tests/longest_first.py.
test: check ## Run the checks, then the whole suite
	@PYTHONDONTWRITEBYTECODE= .venv/bin/pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder $(ARGS)

check: ## Run the checks alone: style, types, floors, dependencies, dead code, spelling
	@.ci/bootstrap.sh test
	@.ci/check

bench: ## Measure every figure against its ceiling, and write docs/comparison-sync.md
	@.ci/bootstrap.sh test
	@.venv/bin/python -m benchmarks $(ARGS)
	@[ -n "$(ARGS)" ] || .venv/bin/python -m benchmarks.beside --write

# What `make test` tries in part, others with each seed: see tests/long_form.py
LONG = $(addprefix tests/,agent chaos contract demo display drivers/test_conformance.py offline_queue payments proofs \
	simulators/test_shoppers.py verify)
soak: ## Power cuts, worlds of chaos, bytes of strangers, kill -9 of real processes: new seeds, SECONDS=60 each
	@.ci/bootstrap.sh test
	@.venv/bin/python -m tests.offline_queue.soak --seconds $(SECONDS) $(ARGS)
	@.venv/bin/python -m proofs.worlds --worlds $$(($(SECONDS) * 30)) $(ARGS)
	@.venv/bin/python -m tests.hostile.soak --seconds $(SECONDS) $(ARGS)
	@.venv/bin/python -m tests.chaos.soak --seconds $(SECONDS) $(ARGS)
	@.venv/bin/python -m tests.payments.soak --seconds $(SECONDS) $(ARGS)
	@OPOS_LONG=1 .venv/bin/pytest --quiet --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(LONG)

# A venv of its own: atheris has no wheel for every machine, and nothing else needs it.
fuzz: ## Bytes of strangers for every driver, led by the paths that they open: SECONDS=60 each
	@.ci/bootstrap.sh test
	@[ -x var/fuzz/bin/python ] || .venv/bin/python -m venv var/fuzz
	@var/fuzz/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt 'atheris>=2.3' click msgspec segno
	@var/fuzz/bin/python -m tests.drivers.fuzz --seconds $(SECONDS) $(ARGS)

# Outside of `make test`: it wants QEMU and two minutes, and neither is on every machine. See docs/vm.md
vm-test: ## Prove on a real kernel, in a guest under QEMU, what pseudo-terminals cannot show
	@.ci/bootstrap.sh test
	@.venv/bin/python -m tests.vm $(ARGS)

# The packages put them below /usr/share. SOURCE_DATE_EPOCH is the day in the foot of each page.
man: ## Write the pages of the manual and the completions of three shells into dist/share
	@.ci/bootstrap.sh test
	@.venv/bin/python -m opos.manual --out dist/share

# For the Debian that this machine runs. The wheels stay in var/deb: a second build needs no network. One machine
# alone: make deb ARGS=amd64
deb: ## Build the Debian packages into dist/, for amd64 and for arm64
	@.ci/bootstrap.sh deb
	@systemd/packaging/build $(ARGS)

# Needs root; minutes, most of them the first time, when the Debian of the machines is made. See docs/system-test.md
system-test: ## Boot a Debian, install the packages, and tell the installer's hour: set up, sell, kill, update, cut power
	@.ci/bootstrap.sh system
	@$(MAKE) deb ARGS=
	@.venv/bin/python -m tests.system $(ARGS)

clean: ## Remove what can be made again; the ledgers of the demo are not among it
	@rm -rf .venv .*_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -e var/demo ]; then echo "The demo's ledgers are still in var/demo."; fi

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
