# For those whose fingers type make; ./dev is what does the work, and needs no make.
COMMANDS := demo test check bench docs fmt

.PHONY: help $(COMMANDS)

help:
	@./dev help

$(COMMANDS):
	@./dev $@ $(ARGS)
