"""The names of a request's fields: those that are taken, and those that are not and why."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from muniment.server.checks import refusal, unknown_field
from muniment.server.errors import ApiError

_BOTH = frozenset(
    {
        "frequency_penalty",
        "logprobs",
        "max_tokens",
        "model",
        "n",
        "presence_penalty",
        "repetition_detection",
        "repetition_penalty",
        "response_format",
        "seed",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "top_p",
        "user",
    }
)
CHAT = _BOTH | {"messages", "max_completion_tokens", "parallel_tool_calls", "top_logprobs"}
COMPLETION = _BOTH | {"prompt"}

_INSIDES = "it steers the engine's insides, which are set where the engine is started"
_REASONS: Mapping[str, str] = {
    _INSIDES: "mm_processor_kwargs media_io_kwargs chat_template chat_template_kwargs structured_outputs priority "
    "logits_processors kv_transfer_params ec_transfer_params vllm_xargs add_generation_prompt continue_final_message "
    "add_special_tokens skip_special_tokens spaces_between_special_tokens include_stop_str_in_output ignore_eos "
    "min_tokens stop_token_ids allowed_token_ids bad_words logit_bias truncate_prompt_tokens truncation_side "
    "prompt_logprobs logprob_token_ids return_token_ids return_tokens_as_token_ids request_id session_id mm_payload "
    "return_mm_kwargs stream_interval thinking_token_budget",
    "the service sets its own, so that nobody learns from the cache what others read": "cache_salt prompt_cache_key",
    "the models read documents and call nothing": "tools tool_choice functions function_call "
    "parallel_tool_calls web_search_options",
    "send pages as images, in 'messages' of /v1/chat/completions": "documents images image audio video modalities "
    "input",
    "nothing of a request is kept": "store metadata prompt_cache_retention prompt_cache_options",
    "the service has one, for everybody": "service_tier moderation safety_identifier",
    "the model's own next words are the only answer": "echo suffix best_of use_beam_search length_penalty prediction",
    "set 'temperature' or 'top_p' instead": "top_k min_p",
    "the models that read documents do not reason": "reasoning reasoning_effort include_reasoning verbosity",
}
_REFUSED = {name: reason for reason, names in _REASONS.items() for name in names.split()}
NULL_IN_CHAT, NULL_IN_COMPLETION = (tuple(sorted(_REFUSED.keys() - known)) for known in (CHAT, COMPLETION))
"""Fields that may be there with nothing in them: clients send null for what nobody has set."""
NULL_IN_PARTS = (
    *("annotations", "audio_url", "cache_control", "file", "id", "image_url", "index", "input_audio", "refusal"),
    *("text", "uuid", "video_url"),
)
"""The same of a part of a message's content: what other parts have, or other services take."""
_REFUSED_KINDS = re.compile(r"guided_[a-z_]{1,40}|[a-z_]{1,40}_embeds")

_INSIDE = (
    "role content name type text image_url url detail include_usage json_schema schema strict description "
    "max_pattern_size min_pattern_size min_count"
)
_OCR = (
    "document document_url document_name file_id pages include_image_base64 image_limit image_min_size id table_format "
    "include_blocks extract_header extract_footer confidence_scores_granularity"
)
NAMES = CHAT | COMPLETION | _REFUSED.keys() | {*_INSIDE.split(), *_OCR.split()}
"""Every name that a message may quote, wherever it was met."""


def check_fields(body: Mapping[str, Any], known: Collection[str]) -> None:
    """All fields of ``body`` are ``known``, or such as are not taken and have nothing in them.

    Raises:
        ApiError: one is not; it is named, with the reason if it is one that other services take.
    """
    unknown = {name for name in body.keys() - set(known) if body[name] is not None or not _is_refused(name)}
    for name in sorted(unknown):
        if _is_refused(name):
            raise not_taken(name)
    if unknown:
        raise unknown_field(unknown, "", known)


def not_taken(name: str) -> ApiError:
    """That a field is refused, with the reason."""
    reason = _REFUSED.get(name, _INSIDES)
    return refusal(f"The field {name!r} is not taken: {reason}", name, "unsupported_parameter")


def _is_refused(name: str) -> bool:
    return name in _REFUSED or _REFUSED_KINDS.fullmatch(name) is not None
