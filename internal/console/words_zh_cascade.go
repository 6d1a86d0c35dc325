package console

// cascadeInChinese is what is said of channels that follow each other, of what they cost, and of who carries messages.
var cascadeInChinese = map[string]string{
	"All channels at once: somebody may get several messages.": "所有渠道同时发送：同一人可能收到多条消息。",
	"Order": "顺序",
}
