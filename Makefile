# What is done often. The image: DOCKER_REGISTRY=registry.example.com/team/ make docker-build docker-push
DOCKER_REGISTRY ?=
VERSION := $(shell node -p "require('./package.json').version")
IMAGE := $(DOCKER_REGISTRY)ccproxy
COMPOSE := IMAGE_TAG=$(VERSION) DOCKER_REGISTRY=$(DOCKER_REGISTRY) docker compose -f docker/compose.yaml

.DEFAULT_GOAL := help
.PHONY: help install test bench demo docker-build docker-run docker-logs docker-stop docker-push

help: ## Lists what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## Installs what the lockfile says
	npm ci

test: ## Lint, type check, all tests
	npm test

bench: ## What a request costs, beside a bare proxy
	npm run bench

demo: ## A gateway in front of a simulated Claude
	npm run demo

docker-build: ## Builds the image
	docker build -f docker/Dockerfile --build-arg VERSION=$(VERSION) --build-arg REVISION=$(shell git rev-parse HEAD) -t $(IMAGE):$(VERSION) -t $(IMAGE):latest .

docker-run: ## Starts the gateway (PROFILE=nginx puts nginx with TLS in front)
	$(COMPOSE) $(if $(PROFILE),--profile $(PROFILE)) up -d

docker-logs: ## Follows the logs
	$(COMPOSE) logs -f

docker-stop: ## Lets running answers finish, then stops
	$(COMPOSE) --profile nginx down

docker-push: ## Pushes the image to DOCKER_REGISTRY
	@test -n "$(DOCKER_REGISTRY)" || { echo "Set DOCKER_REGISTRY, such as registry.example.com/team/"; exit 2; }
	docker push $(IMAGE):$(VERSION)
	docker push $(IMAGE):latest
