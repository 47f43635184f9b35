"""Low-rank adapters (arXiv 2106.09685): what learns when a policy adapts to a few demonstrations."""

from __future__ import annotations

from peft import LoraConfig, PeftModel, get_peft_model

from dexora_policy.model.policy import Policy

RANK = 16
ALPHA = 32
DROPOUT = 0.05


def add_adapters(policy: Policy) -> PeftModel:
    """Freeze a policy but for adapters on fusion's attention and for its task and joint tokens.

    Call `merge_and_unload` on what comes back to get a plain policy again.

    Args:
        policy: A trained policy; changed in place.
    """
    return get_peft_model(
        policy,
        LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            lora_dropout=DROPOUT,
            target_modules=r"fusion\..*\.(q|k|v|out)_proj",
            modules_to_save=["task_token", "joint_tokens"],
        ),
    )
