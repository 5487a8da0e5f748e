"""A device on paho: told what to do by its arguments, says on standard output what happened."""

import json
import ssl
import sys
import time

import paho.mqtt.client as mqtt

options = json.loads(sys.argv[1])
versions = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311}


def say(word):
    print(word, flush=True)


client = mqtt.Client(
    client_id=options["clientId"],
    clean_session=options.get("clean", True),
    protocol=versions[options.get("version", "3.1.1")],
)
if "user" in options:
    client.username_pw_set(options["user"], options["password"])
if "tls" in options:
    tls = options["tls"]
    client.tls_set(ca_certs=tls["ca"], certfile=tls["cert"], keyfile=tls["key"], tls_version=ssl.PROTOCOL_TLS_CLIENT)
if "will" in options:
    client.will_set(options["will"]["topic"], options["will"]["payload"], qos=1, retain=True)


def on_connect(_client, _data, flags, code):
    say(f"connected {code} session {flags['session present']}")
    if "subscribe" in options:
        client.subscribe(options["subscribe"], qos=options.get("qos", 1))


client.on_connect = on_connect
client.on_subscribe = lambda *_: say("subscribed")
client.on_message = lambda _client, _data, message: say(f"got {message.payload.decode()}")
client.connect("127.0.0.1", options["port"], keepalive=options.get("keepalive", 60))
client.loop_start()
for payload in options.get("publish", []):
    client.publish(options["topic"], payload, qos=options.get("qos", 1)).wait_for_publish()
if options.get("publish"):
    say("published")
    client.disconnect()
else:
    while True:
        time.sleep(60)
