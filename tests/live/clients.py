#!/usr/bin/env python3
"""The clients of Ollama and OpenAI, as they are, through the queue.

clients.py URL MODEL: a line for each thing that holds; the first that does
not ends it.
"""
import sys

import ollama
import openai

URL, MODEL = sys.argv[1:]
SAY = [{"role": "user", "content": "Say hello."}]
FEW = {"num_predict": 8}


def of_ollama(client):
    yield "lists models", MODEL in [m.model for m in client.list().models]
    yield "shows one", client.show(MODEL).details.family == "llama"
    whole = client.chat(MODEL, SAY, options=FEW)
    yield "chats", whole.done and whole.message.content
    parts = list(client.chat(MODEL, SAY, stream=True, options=FEW))
    yield "chats part by part", len(parts) > 4 and parts[-1].done
    yield "generates", client.generate(MODEL, "Say hello.", options=FEW).response
    yield "embeds", [len(e) for e in client.embed(
        MODEL, ["one", "two"]).embeddings] == [576, 576]
    yield "embeds as of old", len(client.embeddings(MODEL, "one").embedding) == 576
    yield "is told of loaded models", client.ps().models[0].model == MODEL
    for part in client.generate(MODEL, "1, 2, 3, 4, 5, 6, 7, 8,", raw=True,
                                stream=True, options={"num_predict": 1500,
                                                      "temperature": 0}):
        break
    yield "may stop reading", not part.done
    yield "gets its next answer then", client.chat(MODEL, SAY, options=FEW).done
    try:
        client.chat("none", SAY)
        yield "is told of a model that is none", False
    except ollama.ResponseError as error:
        yield "is told of a model that is none", error.status_code == 404


def of_openai(client):
    yield "lists models", MODEL in [m.id for m in client.models.list()]
    whole = client.chat.completions.create(model=MODEL, messages=SAY, max_tokens=8)
    yield "chats", whole.choices[0].message.content and whole.usage.total_tokens
    parts = list(client.chat.completions.create(
        model=MODEL, messages=SAY, max_tokens=8, stream=True,
        stream_options={"include_usage": True}))
    yield "chats part by part", len(parts) > 4 and parts[-1].usage.total_tokens
    yield "completes", client.completions.create(
        model=MODEL, prompt="Say hello.", max_tokens=8).choices[0].text
    yield "responds", client.responses.create(
        model=MODEL, input="Say hello.", max_output_tokens=8).output_text
    yield "embeds", [len(e.embedding) for e in client.embeddings.create(
        model=MODEL, input=["one", "two"]).data] == [576, 576]
    try:
        client.chat.completions.create(model="none", messages=SAY)
        yield "is told of a model that is none", False
    except openai.NotFoundError as error:
        yield "is told of a model that is none", "'none'" in error.body["message"]


for name, claims in (
        ("ollama", of_ollama(ollama.Client(URL, timeout=60))),
        ("openai", of_openai(openai.OpenAI(base_url=URL + "/v1", api_key="any",
                                           timeout=60, max_retries=0)))):
    for text, holds in claims:
        if not holds:
            sys.exit(f"{name}: not so: {text}")
        print(f"{name} {text}")
