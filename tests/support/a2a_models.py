"""Hypothesis strategies for everything that A2A says in each version: items, parameters, results and cards."""

from hypothesis import strategies as st

from hocket.a2a import (
    V0_3,
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentCardSignature,
    AgentExtension,
    AgentInterface,
    AgentProvider,
    AgentSkill,
    APIKeySecurityScheme,
    Artifact,
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    HTTPAuthSecurityScheme,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    MutualTlsSecurityScheme,
    OAuth2SecurityScheme,
    OAuthFlow,
    OAuthFlows,
    OpenIdConnectSecurityScheme,
    Operation,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskPushNotificationConfig,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from support.values import FLOATS, json_values

TEXT = st.text(max_size=4) | st.sampled_from(["\u2028", "\x85", "\x00", "😀", 'a"\\\n'])
IDS = st.text(min_size=1, max_size=4)
JSON = json_values(TEXT, st.integers(-(2**60), 2**60) | FLOATS, leaves=5)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=2)
METADATA = st.none() | OBJECTS
NAMES = st.none() | TEXT
URIS = st.lists(TEXT, max_size=2).map(tuple)
PUSH_URLS = st.sampled_from(["https://hooks.example.com/a", "http://h:8080/?q=\u00e9", "HTTPS://[::1]:9/x"])


def cards(version):
    """Cards as this version can say them; None for those that both can say together."""
    only_old, only_new = version is V0_3, version is V1_0
    flag = st.none() | st.booleans()
    requirement = st.dictionaries(TEXT, URIS, max_size=2)
    interface = {} if only_old else {"protocol_version": TEXT, "tenant": NAMES}
    interfaces = st.lists(
        st.builds(AgentInterface, url=TEXT, protocol_binding=TEXT, **interface), min_size=version is None, max_size=2
    )
    bare = st.lists(st.builds(AgentInterface, url=TEXT, protocol_binding=TEXT), max_size=2)
    skill = st.builds(
        AgentSkill,
        id=TEXT,
        name=TEXT,
        description=TEXT,
        tags=URIS,
        examples=URIS,
        input_modes=URIS,
        output_modes=URIS,
        security=st.lists(requirement, max_size=2).map(tuple),
    )
    flow = st.builds(
        OAuthFlow,
        authorization_url=NAMES,
        token_url=NAMES,
        refresh_url=NAMES,
        scopes=st.dictionaries(TEXT, TEXT, max_size=1),
        **({"pkce_required": st.booleans(), "device_authorization_url": NAMES} if only_new else {}),
    )
    flows = ["authorization_code", "client_credentials", "implicit", "password"]
    scheme = st.one_of(
        st.builds(APIKeySecurityScheme, location=TEXT, name=TEXT, description=NAMES),
        st.builds(HTTPAuthSecurityScheme, scheme=TEXT, bearer_format=NAMES),
        st.builds(OpenIdConnectSecurityScheme, open_id_connect_url=TEXT),
        st.builds(MutualTlsSecurityScheme, description=NAMES),
        st.builds(
            OAuth2SecurityScheme,
            flows=st.builds(OAuthFlows, **{name: st.none() | flow for name in flows}),
            oauth2_metadata_url=NAMES,
        ),
    )
    extended = st.none() | st.booleans()
    extension = st.builds(AgentExtension, uri=TEXT, description=NAMES, required=st.booleans(), params=METADATA)

    def whole(has_more, **members):
        capabilities = AgentCapabilities(
            streaming=members.pop("streaming"),
            push_notifications=members.pop("push"),
            state_transition_history=members.pop("transitions"),
            progressive_artifacts=members.pop("progressive"),
            extended_agent_card=has_more,
            extensions=members.pop("extensions"),
        )
        said = {} if only_new else {"supports_authenticated_extended_card": has_more}
        return AgentCard(capabilities=capabilities, **members, **said)

    old = {
        "url": NAMES,
        "protocol_version": NAMES,
        "preferred_transport": NAMES,
        "additional_interfaces": bare.map(tuple),
    }
    new = {"supported_interfaces": interfaces.map(tuple)}
    return st.builds(
        whole,
        has_more=extended,
        name=TEXT,
        description=TEXT,
        version=TEXT,
        streaming=flag,
        push=flag,
        transitions=flag,
        progressive=flag,
        extensions=st.lists(extension, max_size=2).map(tuple),
        default_input_modes=URIS,
        default_output_modes=URIS,
        skills=st.lists(skill, max_size=2).map(tuple),
        provider=st.none() | st.builds(AgentProvider, url=TEXT, organization=TEXT),
        documentation_url=NAMES,
        icon_url=NAMES,
        security_schemes=st.dictionaries(TEXT, scheme, max_size=2),
        security=st.lists(requirement, max_size=2).map(tuple),
        signatures=st.lists(
            st.builds(AgentCardSignature, protected=TEXT, signature=TEXT, header=METADATA), max_size=1
        ).map(tuple),
        **({} if only_new else old),
        **({} if only_old else new),
    )


def models(version):
    """Strategies for everything this version can say."""
    described = {"filename": NAMES, "media_type": NAMES}
    plain = described if version is V1_0 else {}
    part = st.one_of(
        st.builds(Part, text=TEXT, metadata=METADATA, **plain),
        st.builds(Part, raw=st.binary(max_size=5), metadata=METADATA, **described),
        st.builds(Part, url=TEXT, metadata=METADATA, **described),
        st.builds(Part, data=JSON if version is V1_0 else OBJECTS, metadata=METADATA, **plain),
    )
    parts = st.lists(part, min_size=1, max_size=3).map(tuple)
    message = st.builds(
        Message,
        message_id=IDS,
        role=st.sampled_from(Role),
        parts=parts,
        context_id=st.none() | IDS,
        task_id=st.none() | IDS,
        metadata=METADATA,
        extensions=URIS,
        reference_task_ids=URIS,
    )
    status = st.builds(TaskStatus, state=st.sampled_from(TaskState), message=st.none() | message, timestamp=NAMES)
    artifact = st.builds(
        Artifact,
        artifact_id=TEXT,
        parts=parts,
        name=NAMES,
        description=NAMES,
        metadata=METADATA,
        extensions=URIS,
    )
    numbered = {"generation": st.none() | st.integers(1, 2**62)} if version is V1_0 else {}
    task = st.builds(
        Task,
        id=IDS,
        status=status,
        context_id=st.none() | IDS,
        artifacts=st.lists(artifact, max_size=2).map(tuple),
        history=st.lists(message, max_size=2).map(tuple),
        metadata=METADATA,
        **numbered,
    )
    changed = st.builds(
        TaskStatusUpdateEvent, task_id=IDS, status=status, context_id=st.none() | IDS, metadata=METADATA, **numbered
    )
    chunk = st.builds(
        TaskArtifactUpdateEvent,
        task_id=IDS,
        artifact=artifact,
        context_id=st.none() | IDS,
        append=st.booleans(),
        last_chunk=st.booleans(),
        metadata=METADATA,
        **numbered,
    )
    tenant = {"tenant": NAMES} if version is V1_0 else {}
    pages = {"page_size": st.none() | st.integers(1, 100), "page_token": st.none() | IDS} if version is V1_0 else {}
    about_task = {"id": IDS, "metadata": METADATA, **tenant}
    seen = {"id": IDS, **tenant} if version is V1_0 else about_task
    lengths = st.none() | st.integers(0, 2**31 - 1)
    authentication = (
        st.builds(AuthenticationInfo, scheme=TEXT, credentials=NAMES)
        if version is V1_0
        else st.lists(IDS, max_size=2).flatmap(
            lambda schemes: st.builds(
                AuthenticationInfo,
                scheme=st.just("".join(schemes[:1])),
                schemes=st.just(tuple(schemes)),
                credentials=NAMES,
            )
        )
    )
    push = {
        "url": PUSH_URLS,
        "id": st.none() | IDS,
        "token": st.none() | IDS,
        "authentication": st.none() | authentication,
    }
    push_config = st.builds(TaskPushNotificationConfig, task_id=IDS, **push, **tenant)
    configuration = st.builds(
        SendMessageConfiguration,
        accepted_output_modes=URIS,
        task_push_notification_config=st.none() | st.builds(TaskPushNotificationConfig, **push, **tenant),
        history_length=lengths,
        return_immediately=st.booleans(),
    )
    send = st.builds(
        SendMessageRequest,
        message=message,
        configuration=st.none() | configuration,
        metadata=METADATA,
        **tenant,
    )
    params = {
        Operation.SEND: send,
        Operation.STREAM: send,
        Operation.GET: st.builds(GetTaskRequest, history_length=lengths, **seen),
        Operation.CANCEL: st.builds(CancelTaskRequest, **about_task),
        Operation.SUBSCRIBE: st.builds(SubscribeToTaskRequest, **seen),
        Operation.PUSH_CREATE: push_config,
        Operation.PUSH_GET: st.builds(
            GetTaskPushNotificationConfigRequest, task_id=IDS, id=st.none() | IDS if tenant == {} else IDS, **tenant
        ),
        Operation.PUSH_LIST: st.builds(ListTaskPushNotificationConfigsRequest, task_id=IDS, **tenant, **pages),
        Operation.PUSH_DELETE: st.builds(DeleteTaskPushNotificationConfigRequest, task_id=IDS, id=IDS, **tenant),
        Operation.EXTENDED_CARD: st.builds(GetExtendedAgentCardRequest, **tenant),
    }
    results = {
        Operation.SEND: st.one_of(task, message),
        Operation.GET: task,
        Operation.CANCEL: task,
        Operation.PUSH_CREATE: push_config,
        Operation.PUSH_GET: push_config,
        Operation.PUSH_LIST: st.builds(
            ListTaskPushNotificationConfigsResponse,
            configs=st.lists(push_config, max_size=2).map(tuple),
            **({"next_page_token": TEXT} if version is V1_0 else {}),
        ),
        Operation.PUSH_DELETE: st.none(),
        Operation.EXTENDED_CARD: cards(version),
    }
    if version is V1_0:
        params[Operation.LIST] = st.builds(
            ListTasksRequest,
            context_id=st.none() | IDS,
            status=st.none() | st.sampled_from(TaskState),
            status_timestamp_after=st.none() | st.datetimes().map(lambda each: each.isoformat() + "Z"),
            history_length=lengths,
            include_artifacts=st.booleans(),
            **tenant,
            **pages,
        )
        results[Operation.LIST] = st.builds(
            ListTasksResponse,
            tasks=st.lists(task, max_size=2).map(tuple),
            next_page_token=TEXT,
            page_size=st.integers(1, 100),
            total_size=st.integers(0, 2**31 - 1),
        )
    return {
        "task": task,
        "item": st.one_of(task, changed, chunk),
        "message": message,
        "params": params,
        "results": results,
    }
