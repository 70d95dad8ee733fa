from torch import nn


def main():
    model = nn.Linear(2, 1)  # role: model
    return model


if __name__ == "__main__":
    model = main()  # role: model
