import timm
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

text = AutoModelForSequenceClassification.from_pretrained("bert")  # role: model
image = timm.create_model("resnet18")  # role: model
hub = torch.hub.load("pytorch/vision", "resnet18")  # role: model
tokenizer = AutoTokenizer.from_pretrained("bert")  # role: opaque
