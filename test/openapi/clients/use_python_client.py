"""Uses every route of analyses by the client that openapi-python-client has made of the document, and prints what came."""

import json
import os
import uuid
from io import BytesIO

from result_client import AuthenticatedClient, Client
from result_client.api.final import get_submission, put_final_result, put_final_result_with_local_dp
from result_client.api.health import get_health, get_readiness, get_version
from result_client.api.intermediate import get_intermediate_result, put_intermediate_result, upload_local_file
from result_client.api.local import (
    delete_local_results,
    get_local_result,
    get_project_tags,
    get_tagged_results,
    put_local_result,
    tag_object,
)
from result_client.models import (
    PutFinalResultBody,
    PutFinalResultWithLocalDpBody,
    PutIntermediateResultBody,
    PutLocalResultBody,
)
from result_client.types import File

url, peer = os.environ["SERVICE_URL"], os.environ["PEER_NODE_ID"]
client = AuthenticatedClient(base_url=url, token=os.environ["TOKEN"])
adapter = AuthenticatedClient(base_url=url, token=os.environ["ADAPTER_TOKEN"])
anybody = Client(base_url=url)


def file(content, name="data.bin"):
    return File(payload=BytesIO(content), file_name=name, mime_type="application/octet-stream")


seen = {}
seen["version"] = get_version.sync(client=anybody).version != ""
seen["health"] = get_health.sync(client=anybody).status
seen["readiness"] = get_readiness.sync(client=anybody).status

stored = put_local_result.sync(client=client, body=PutLocalResultBody(file=file(b"local"), tag="model-1"))
object_id = uuid.UUID(stored.object_id) if isinstance(stored.object_id, str) else stored.object_id
seen["local"] = get_local_result.sync(object_id, client=client).payload.read().decode()
seen["part"] = get_local_result.sync(object_id, client=client, range_="bytes=1-2").payload.read().decode()
seen["tagged_as"] = tag_object.sync(client=client, tag_name="model-2", object_id=object_id).filename
seen["tags"] = sorted(tag.name for tag in get_project_tags.sync(client=client).tags)
seen["results"] = [result.filename for result in get_tagged_results.sync("model-1", client=client).results]

sent = put_intermediate_result.sync(client=client, body=PutIntermediateResultBody(file=file(b"intermediate")))
seen["intermediate"] = get_intermediate_result.sync(sent.object_id, client=client).payload.read().decode()
uploaded = upload_local_file.sync(client=client, object_id=object_id, remote_node_id=uuid.UUID(peer))
seen["uploaded"] = uploaded.object_id is not None

seen["final"] = put_final_result.sync_detailed(
    client=client, body=PutFinalResultBody(file=file(b"final", "final.bin"))
).status_code
seen["noisy"] = put_final_result_with_local_dp.sync_detailed(
    client=client,
    body=PutFinalResultWithLocalDpBody(file=file(b"118.0", "noisy.txt"), epsilon=1.0, sensitivity=1.0),
).status_code
seen["no_submission"] = get_submission.sync_detailed(uuid.uuid4(), client=client).status_code
seen["missing"] = get_local_result.sync(uuid.uuid4(), client=client).detail.startswith("Object with ID")
seen["refused"] = delete_local_results.sync_detailed(
    client=adapter, project_id=uuid.UUID(os.environ["PROJECT_ID"])
).status_code
print(json.dumps(seen))
